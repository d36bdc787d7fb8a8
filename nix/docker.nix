# The stack for machines that have Docker and Cargo but no Nix: `nix/docker/compose.json` and
# `nix/docker/images.json`, written by `tests/nix-check --write`.
let
  settings = import ./settings.nix;
  inherit ((builtins.fromTOML (builtins.readFile ../Cargo.toml)).workspace) package;

  config = import ./image-config.nix {
    inherit settings package;
    paths = {
      cli = "/bin/${settings.cli.program}";
      api = "/bin/${settings.api.program}";
      web = "/bin/${settings.web.program}";
      redis = "/usr/local/bin:/usr/bin"; # of the registry's image, and of Debian's package
      roots = "/etc/ssl/certs/ca-certificates.crt";
    };
  };

  ours = name: "${settings.${name}.image}:${package.version}";
  image = name: {
    name = ours name;
    inherit (settings.${name}) program;
    config = config.${name};
  };
in
{
  images = {
    cli = image "cli";
    # A new volume takes the owner of the folder that it covers.
    api = image "api" // {
      folder = settings.log.folder;
    };
    web = image "web";
    redis = {
      name = settings.redis.registry;
      config = config.redis;
    };
  };

  compose = import ./compose.nix {
    inherit settings;
    images = {
      api = ours "api";
      web = ours "web";
      redis = settings.redis.registry;
    };
  };
}
