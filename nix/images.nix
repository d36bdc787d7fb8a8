# Images: a static program and the CA roots, nothing else. The same bytes on every build.
# Each is a tarball for `docker load`; its `stream` prints the same without storing it.
pkgs:
let
  inherit (pkgs) lib dockerTools;
  settings = import ./settings.nix;
  programs = import ./programs.nix pkgs.pkgsStatic;
  inherit ((lib.importTOML ../Cargo.toml).workspace) package;
  user = toString settings.user;

  config = import ./image-config.nix {
    inherit settings package;
    paths = {
      cli = lib.getExe programs.${settings.cli.program};
      api = lib.getExe programs.${settings.api.program};
      web = lib.getExe programs.${settings.web.program};
      redis = lib.makeBinPath [ pkgs.redis ];
      roots = "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
    };
  };

  image =
    name: more:
    dockerTools.buildLayeredImage (
      {
        name = settings.${name}.image;
        tag = package.version;
        config = config.${name};
        meta = { inherit (settings.${name}) description; };
      }
      // more
    );
in
{
  image-cli = image "cli" { };

  image-api = image "api" {
    # A new volume takes the owner of the folder that it covers.
    fakeRootCommands = "install -d -o ${user} -g ${user} .${settings.log.folder}";
  };

  image-web = image "web" { };

  # Not our program: it keeps all that nixpkgs' package needs, a shell included.
  image-redis = image "redis" { };
}
