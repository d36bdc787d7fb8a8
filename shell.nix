# Without flakes: `nix-shell`.
{
  pkgs ? import ./nix/nixpkgs.nix { },
}:
import ./nix/shell.nix pkgs
