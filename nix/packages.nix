# Everything that can be built: the programs, the images and the stack; on Linux also the static programs.
pkgs:
let
  inherit (pkgs) lib;
  settings = import ./settings.nix;
  programs = import ./programs.nix pkgs;
  static = import ./programs.nix pkgs.pkgsStatic;
  inherit (pkgs.stdenv.hostPlatform) isLinux;
  images = import ./images.nix (if isLinux then pkgs else pkgs.pkgsLinux); # macOS needs a Linux builder for them

  compose = (pkgs.formats.json { }).generate "compose.yaml" (
    import ./compose.nix {
      inherit settings;
      images = lib.genAttrs [ "api" "web" "redis" ] (
        name: "${settings.${name}.image}:${programs.${settings.api.program}.version}"
      );
    }
  );
in
programs
// images
// {
  default = programs.linkextractor;
  inherit compose;
  options = import ./options.nix pkgs;
  up = import ./up.nix { inherit pkgs images compose; };
}
// lib.optionalAttrs isLinux (lib.mapAttrs' (name: lib.nameValuePair "${name}-static") static)
