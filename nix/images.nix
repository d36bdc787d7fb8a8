# Images: a static program and the CA roots, nothing else. The same bytes on every build.
# Each is a tarball for `docker load`; its `stream` prints the same without storing it, and its `oci` is an OCI layout.
# `target` is the package set of the platform that they are for: `pkgs`, or a cross set of its own.
{
  pkgs,
  target ? pkgs,
}:
let
  inherit (pkgs) lib dockerTools;
  settings = import ./settings.nix;
  programs = import ./programs.nix target.pkgsStatic;
  inherit ((lib.importTOML ../Cargo.toml).workspace) package;
  user = toString settings.user;

  config = import ./image-config.nix {
    inherit settings package;
    paths = {
      cli = lib.getExe programs.${settings.cli.program};
      api = lib.getExe programs.${settings.api.program};
      web = lib.getExe programs.${settings.web.program};
      redis = lib.makeBinPath [ target.redis ];
      roots = "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
    };
  };

  image =
    name: more:
    let
      archive = dockerTools.buildLayeredImage (
        {
          name = settings.${name}.image;
          tag = package.version;
          architecture = target.stdenv.hostPlatform.go.GOARCH;
          config = config.${name};
          meta.description = "Image: ${settings.${name}.description}";
        }
        // more
      );
    in
    archive
    // {
      # For registries and runtimes other than Docker: the format has no health check.
      oci =
        pkgs.runCommand "${archive.imageName}-oci"
          {
            nativeBuildInputs = [ pkgs.skopeo ];
            meta.description = "OCI layout: ${settings.${name}.description}";
          }
          ''
            ${archive.stream} > image.tar
            skopeo --insecure-policy --tmpdir . copy --quiet docker-archive:image.tar oci:$out:${archive.imageTag}
          '';
    };

  ours =
    name: more:
    image name (
      {
        # A path that does not change: health checks of Kubernetes have to name it.
        extraCommands = ''
          mkdir bin
          ln -s ${lib.getExe programs.${settings.${name}.program}} bin
        '';
      }
      // more
    );
in
{
  image-cli = ours "cli" { };

  image-api = ours "api" {
    # A new volume takes the owner of the folder that it covers.
    fakeRootCommands = "install -d -o ${user} -g ${user} .${settings.log.folder}";
  };

  image-web = ours "web" { };

  # Not our program: it keeps all that nixpkgs' package needs, a shell included.
  image-redis = image "redis" { };
}
