# Everything that can be built: the programs, and on Linux their static variants, the images and the stack.
pkgs:
let
  inherit (pkgs) lib;
  programs = import ./programs.nix pkgs;
  static = import ./programs.nix pkgs.pkgsStatic;
  images = import ./images.nix pkgs;

  compose = (pkgs.formats.json { }).generate "compose.yaml" (
    import ./compose.nix {
      settings = import ./settings.nix;
      images = lib.mapAttrs' (name: image: {
        name = lib.removePrefix "image-" name;
        value = "${image.imageName}:${image.imageTag}";
      }) images;
    }
  );
in
programs
// {
  default = programs.linkextractor;
}
// lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux (
  lib.mapAttrs' (name: lib.nameValuePair "${name}-static") static
  // images
  // {
    inherit compose;
    up = import ./up.nix { inherit pkgs images compose; };
  }
)
