# Without flakes: `nix-build -A image-api`. The attributes are the packages of flake.nix, the nixpkgs is that of flake.lock.
{
  pkgs ? import ./nix/nixpkgs.nix { },
}:
import ./nix/packages.nix pkgs
