# OCI images: a static program and the CA roots, nothing else. The same bytes on every build.
# Each is a tarball for `docker load`; its `stream` prints the same without storing it.
pkgs:
let
  inherit (pkgs) lib dockerTools;
  settings = import ./settings.nix;
  programs = import ./programs.nix pkgs.pkgsStatic;
  inherit (programs.${settings.cli.program}) version;

  seconds = n: n * 1000000000; # Docker counts in nanoseconds
  user = "${toString settings.user}:${toString settings.user}";
  healthcheck = test: {
    Test = [ "CMD" ] ++ test;
    Interval = seconds settings.health.interval;
    Timeout = seconds settings.health.timeout;
    StartPeriod = seconds settings.health.startPeriod;
    Retries = settings.health.retries;
  };

  image =
    {
      part,
      description,
      config,
      fakeRootCommands ? "",
    }:
    dockerTools.buildLayeredImage {
      name = part.image;
      tag = version;
      inherit fakeRootCommands;
      config = {
        User = user;
        StopSignal = "SIGTERM";
        Labels = {
          "org.opencontainers.image.title" = part.image;
          "org.opencontainers.image.description" = description;
          "org.opencontainers.image.version" = version;
        };
      }
      // config;
      meta = { inherit description; };
    };

  ours =
    {
      part,
      env ? [ ],
      config ? { },
      fakeRootCommands ? "",
    }:
    let
      program = programs.${part.program};
    in
    image {
      inherit part fakeRootCommands;
      inherit (program.meta) description;
      config = {
        Entrypoint = [ (lib.getExe program) ];
        Env = [ "SSL_CERT_FILE=${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt" ] ++ env;
      }
      // config;
    };

  server =
    { part, ... }@args:
    ours (
      args
      // {
        env = [ "${part.environment}LISTEN=0.0.0.0:${toString part.port}" ];
        config = {
          ExposedPorts."${toString part.port}/tcp" = { };
          Healthcheck = healthcheck [
            (lib.getExe programs.${part.program})
            settings.health.command
          ];
        };
      }
    );
in
{
  image-cli = ours { part = settings.cli; };

  image-api = server {
    part = settings.api;
    # A new volume takes the owner of the folder that it covers.
    fakeRootCommands = "install -d -o ${toString settings.user} -g ${toString settings.user} .${settings.log.folder}";
  };

  image-web = server { part = settings.web; };

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
