# Stands for the machine's own configuration, which the examples of docs/nix.md import.
{
  boot.isContainer = true;
  nixpkgs.hostPlatform = "x86_64-linux";
  system.stateVersion = "26.05";
}
