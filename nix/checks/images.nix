# The contents of our images, read from the tarballs: one static program and the CA roots, no shell, no root, and small.
{ self, pkgs }:
let
  inherit (pkgs) lib;
  settings = import ../settings.nix;
  packages = self.packages.${pkgs.stdenv.hostPlatform.system};

  check =
    name:
    let
      image = packages."image-${name}";
      program = packages."${settings.${name}.program}-static";
      user = toString settings.user;
    in
    ''
      echo "image-${name}"
      mkdir ${name} && cd ${name}
      tar --extract --gzip --file ${image}
      manifest=$(jq '.[0]' manifest.json)
      config=$(jq --raw-output .Config <<< "$manifest")
      jq --exit-status '.config.User == "${user}:${user}"' "$config"
      jq --exit-status '.config.Entrypoint == ["${lib.getExe program}"]' "$config"

      jq --raw-output '.Layers[]' <<< "$manifest" \
        | xargs --max-args 1 tar --list --absolute-names --file \
        | sed --regexp-extended 's|^[./]*||; s|/$||' > files
      sed --quiet --regexp-extended 's|^(nix/store/[^/]+).*|/\1|p' files | sort --unique > paths
      printf '%s\n' ${program} ${pkgs.cacert} | sort | diff - paths
      # Apart from the store, only the link to the program, the folder of the log, and their parents.
      sed --regexp-extended '/^(nix(\/.*)?)?$/d' files | while read -r file; do
        [[ ${settings.log.folder}/ == "/$file/"* || /bin/${settings.${name}.program}/ == "/$file/"* ]] || exit 1
      done

      test "$(stat --format %s ${image})" -lt 15000000
      cd ..
    '';
in
pkgs.runCommand "images"
  {
    nativeBuildInputs = [ pkgs.jq ];
    meta.description = "Checks the contents of the images";
  }
  ''
    ${lib.concatMapStrings check [
      "cli"
      "api"
      "web"
    ]}
    touch $out
  ''
