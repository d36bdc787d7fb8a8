# `nix run .#up`: nix/docker/up with the images of Nix.
{
  pkgs,
  images,
  compose,
}:
let
  inherit (pkgs) lib;
  wanted = [
    images.image-api
    images.image-web
    images.image-redis
  ];

  load =
    if pkgs.stdenv.hostPlatform.isLinux then
      ''
        for stream in ${lib.concatMapStringsSep " " (image: image.stream) wanted}; do
          "$stream" | docker load --quiet
        done
      ''
    else
      # The images are for Linux. They are built when this runs, so that a missing builder can be explained.
      ''
        for image in ${
          lib.concatMapStringsSep " " (image: builtins.unsafeDiscardOutputDependency image.drvPath) wanted
        }; do
          if ! tarball=$(nix-store --realise "$image"); then
            echo "up: the images are for Linux, and no Linux builder could build them." >&2
            echo "up: with nix-darwin, set nix.linux-builder.enable = true; docs/docker.md has the other ways." >&2
            exit 1
          fi
          docker load --quiet --input "$tarball"
        done
      '';
in
pkgs.writeShellApplication {
  name = "up";
  runtimeInputs = [
    pkgs.coreutils
    pkgs.docker-client
  ];
  text = ''
    export UP_COMPOSE=${compose}
    export UP_LOAD=${
      lib.getExe (
        pkgs.writeShellApplication {
          name = "load";
          text = load;
        }
      )
    }
    exec ${pkgs.runtimeShell} ${./docker}/up "$@"
  '';
  meta.description = "Start the stack in Docker";
}
