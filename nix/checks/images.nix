# What our images hold, read from the tarballs: one program and the CA roots, no shell, no root, and small.
{ self, pkgs }:
let
  inherit (pkgs) lib;
  settings = import ../settings.nix;
  packages = self.packages.${pkgs.stdenv.hostPlatform.system};
  roots = "${pkgs.cacert}";

  check =
    part:
    let
      program = packages."${part.program}-static";
    in
    ''
      mkdir image && tar --extract --gzip --file ${packages."image-${part.name}"} --directory image
      cd image

      jq --raw-output '.[0].Config' manifest.json > config
      jq --exit-status '.config.User == "${toString settings.user}:${toString settings.user}"' "$(cat config)"
      jq --exit-status '.config.Entrypoint == ["${lib.getExe program}"]' "$(cat config)"

      jq --raw-output '.[0].Layers[]' manifest.json | xargs --max-args 1 tar --list --file > files
      grep --only-matching --extended-regexp '^/?nix/store/[^/]+' files | sed 's|^/*|/|' | sort --unique > paths
      printf '%s\n' ${program} ${roots} | sort | diff - paths

      size=$(stat --format %s ${packages."image-${part.name}"})
      echo "image-${part.name}: $size bytes"
      test "$size" -lt 15000000
      cd .. && rm -r image
    '';
in
pkgs.runCommand "images" { nativeBuildInputs = [ pkgs.jq ]; } ''
  ${lib.concatMapStrings check [
    (settings.cli // { name = "cli"; })
    (settings.api // { name = "api"; })
    (settings.web // { name = "web"; })
  ]}
  touch $out
''
