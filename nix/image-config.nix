# The configuration of each image, in the words of the image format. Plain data: nothing here needs nixpkgs.
# `paths` says where each program and the CA roots (`roots`) are in the image; `redis` is the search path of Redis.
{
  settings,
  package, # [workspace.package] of Cargo.toml
  paths,
}:
let
  seconds = n: n * 1000000000; # the format counts in nanoseconds
  roots = "SSL_CERT_FILE=${paths.roots}";

  image =
    part: own:
    {
      User = "${toString settings.user}:${toString settings.user}";
      StopSignal = "SIGTERM";
      Labels = {
        "org.opencontainers.image.title" = part.image;
        "org.opencontainers.image.description" = part.description;
        "org.opencontainers.image.version" = package.version;
        "org.opencontainers.image.source" = package.repository;
        ${if part ? program then "org.opencontainers.image.licenses" else null} = package.license; # Redis has its own
      };
    }
    // own;

  healthcheck = command: {
    Test = [ "CMD" ] ++ command;
    Interval = seconds settings.health.interval;
    Timeout = seconds settings.health.timeout;
    StartPeriod = seconds settings.health.startPeriod;
    Retries = settings.health.retries;
  };

  server =
    name:
    let
      part = settings.${name};
    in
    image part {
      Entrypoint = [ paths.${name} ];
      Env = [
        roots
        "${part.environment}LISTEN=0.0.0.0:${toString part.port}"
      ];
      ExposedPorts."${toString part.port}/tcp" = { };
      Healthcheck = healthcheck [
        paths.${name}
        settings.health.command
      ];
    };
in
{
  cli = image settings.cli {
    Entrypoint = [ paths.cli ];
    Env = [ roots ];
  };

  api = server "api";

  web = server "web";

  redis = image settings.redis {
    Entrypoint = [ settings.redis.server ];
    Cmd = settings.redis.arguments;
    Env = [ "PATH=${paths.redis}" ];
    ExposedPorts."${toString settings.redis.port}/tcp" = { };
    Healthcheck = healthcheck settings.redis.health;
  };
}
