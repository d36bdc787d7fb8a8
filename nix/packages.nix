# Everything that can be built: the programs, the images and the stack; on Linux also the static programs, and the images
# for the other architecture.
pkgs:
let
  inherit (pkgs) lib;
  settings = import ./settings.nix;
  programs = import ./programs.nix pkgs;
  static = import ./programs.nix pkgs.pkgsStatic;
  inherit (pkgs.stdenv.hostPlatform) isLinux;
  images = import ./images.nix {
    pkgs = if isLinux then pkgs else pkgs.pkgsLinux; # macOS needs a Linux builder for them
  };
  layouts = lib.mapAttrs' (
    name: image: lib.nameValuePair "oci-${lib.removePrefix "image-" name}" image.oci
  ) images;

  # Built by a cross compiler. Not Redis: for it a registry has all architectures.
  cross =
    let
      target =
        {
          x86_64-linux = pkgs.pkgsCross.aarch64-multiplatform-musl;
          aarch64-linux = pkgs.pkgsCross.musl64;
        }
        .${pkgs.stdenv.hostPlatform.system};
      foreign = removeAttrs (import ./images.nix { inherit pkgs target; }) [ "image-redis" ];
    in
    lib.mapAttrs' (
      name: lib.nameValuePair "${name}-${target.stdenv.hostPlatform.parsed.cpu.name}"
    ) foreign;

  compose = lib.addMetaAttrs { description = "Compose file of the stack: API, web page and Redis"; } (
    (pkgs.formats.json { }).generate "compose.yaml" (
      import ./compose.nix {
        inherit settings;
        images = lib.genAttrs [ "api" "web" "redis" ] (
          name: "${settings.${name}.image}:${programs.${settings.api.program}.version}"
        );
      }
    )
  );
in
programs
// images
// layouts
// {
  default = programs.linkextractor;
  inherit compose;
  options = import ./options.nix pkgs;
  vm = import ./vm.nix pkgs;
  kubernetes = lib.addMetaAttrs {
    description = "Manifests for Kubernetes: API, web page and Redis";
  } ((pkgs.formats.json { }).generate "kubernetes.json" (import ./kubernetes.nix { }));
  up = import ./up.nix { inherit pkgs images compose; };
}
// lib.optionalAttrs isLinux (
  cross // lib.mapAttrs' (name: lib.nameValuePair "${name}-static") static
)
