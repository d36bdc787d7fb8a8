# OCI images: a static program and the CA roots, nothing else. The same bytes on every build.
# Each is a tarball for `docker load`; its `stream` prints the same without storing it.
pkgs:
let
  inherit (pkgs) lib dockerTools;
  settings = import ./settings.nix;
  programs = import ./programs.nix pkgs.pkgsStatic;
  inherit (programs.${settings.cli.program}) version meta;

  seconds = n: n * 1000000000; # Docker counts in nanoseconds
  user = "${toString settings.user}:${toString settings.user}";
  healthcheck = test: {
    Test = [ "CMD" ] ++ test;
    Interval = seconds settings.health.interval;
    Timeout = seconds settings.health.timeout;
    StartPeriod = seconds settings.health.startPeriod;
    Retries = settings.health.retries;
  };

  run = part: lib.getExe programs.${part.program};
  roots = "SSL_CERT_FILE=${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";

  server = part: {
    Entrypoint = [ (run part) ];
    Env = [
      roots
      "${part.environment}LISTEN=0.0.0.0:${toString part.port}"
    ];
    ExposedPorts."${toString part.port}/tcp" = { };
    Healthcheck = healthcheck [
      (run part)
      settings.health.command
    ];
  };

  image =
    {
      part,
      config,
      description ? programs.${part.program}.meta.description,
      fakeRootCommands ? "",
    }:
    dockerTools.buildLayeredImage {
      name = part.image;
      tag = version;
      inherit fakeRootCommands;
      config = config // {
        User = user;
        StopSignal = "SIGTERM";
        Labels = {
          "org.opencontainers.image.title" = part.image;
          "org.opencontainers.image.description" = description;
          "org.opencontainers.image.version" = version;
          "org.opencontainers.image.source" = meta.homepage;
        };
      };
    };
in
{
  image-cli = image {
    part = settings.cli;
    config = {
      Entrypoint = [ (run settings.cli) ];
      Env = [ roots ];
    };
  };

  image-api = image {
    part = settings.api;
    config = server settings.api;
    # A new volume takes the owner of the folder that it covers.
    fakeRootCommands = "install -d -o ${toString settings.user} -g ${toString settings.user} .${settings.log.folder}";
  };

  image-web = image {
    part = settings.web;
    config = server settings.web;
  };

  # Not ours: it keeps what nixpkgs gives it, a shell included.
  image-redis = image {
    part = settings.redis;
    description = "Redis as a cache: bounded, and nothing on disk";
    config = {
      Entrypoint = [ (lib.getExe' pkgs.redis "redis-server") ];
      Cmd = [
        "--protected-mode" # off: there is no password, and the network is the stack's own
        "no"
        "--save"
        ""
        "--maxmemory"
        settings.redis.maxmemory
        "--maxmemory-policy"
        settings.redis.policy
      ];
      ExposedPorts."${toString settings.redis.port}/tcp" = { };
      Healthcheck = healthcheck [
        (lib.getExe' pkgs.redis "redis-cli")
        "ping"
      ];
    };
  };
}
