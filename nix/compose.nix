# The stack for `docker compose`, as data (JSON is YAML): web, API and Redis, each with no more than it needs.
# `images` names an image, `name:tag`, for `api`, `web` and `redis`.
{ settings, images }:
let
  inherit (settings) health limits redis;
  seconds = n: "${toString n}s";

  service =
    name: own:
    {
      image = images.${name};
      pull_policy = "never"; # the images are loaded, not published
      restart = "unless-stopped";
      stop_grace_period = seconds limits.stop;
      read_only = true;
      cap_drop = [ "ALL" ];
      security_opt = [ "no-new-privileges:true" ];
      mem_limit = "${toString settings.${name}.memoryLimit}m";
      pids_limit = limits.processes;
    }
    // own;

  # The admin listener refuses all names but that by which other containers know the service.
  environment = name: {
    "${settings.${name}.environment}ADMIN__HOSTS" = builtins.toJSON [ name ];
    "${settings.${name}.environment}LIMITS__MEMORY" = "${toString settings.${name}.memory}MiB";
  };

  healthy.condition = "service_healthy"; # the health checks of API and web page are in their images
in
{
  name = "linkextractor";

  services = {
    web = service "web" {
      depends_on.api = healthy;
      environment = environment "web" // {
        API_ENDPOINT = "http://api:${toString settings.api.port}/api/";
        "${settings.web.environment}API_PUBLIC_URL" =
          "http://localhost:\${API_PORT:-${toString settings.api.port}}/";
      };
      networks = [ "front" ];
      ports = [
        "\${WEB_ADDRESS:-127.0.0.1}:\${WEB_PORT:-${toString settings.web.port}}:${toString settings.web.port}"
      ];
      ulimits.nofile = limits.files;
    };

    api = service "api" {
      depends_on.redis = healthy;
      environment = environment "api" // {
        REDIS_URL = "redis://redis:${toString redis.port}";
        # Docker chooses the web page's address, so the API cannot know which peer to believe: all of its clients are one.
        "${settings.api.environment}LIMITS__PER_CLIENT" = "1";
        "${settings.api.environment}EXTRACTION_LOG" = "${settings.log.folder}/${settings.log.file}";
      };
      networks = [
        "front"
        "back"
      ];
      ports = [ "127.0.0.1:\${API_PORT:-${toString settings.api.port}}:${toString settings.api.port}" ];
      ulimits.nofile = limits.files;
      volumes = [ "extractions:${settings.log.folder}" ];
    };

    # All of it is said here, so that the image of any registry does as well as ours.
    redis = service "redis" {
      pull_policy = "missing";
      user = "${toString settings.user}:${toString settings.user}";
      entrypoint = [ redis.server ];
      command = redis.arguments;
      healthcheck = {
        test = [ "CMD" ] ++ redis.health;
        interval = seconds health.interval;
        timeout = seconds health.timeout;
        start_period = seconds health.startPeriod;
        inherit (health) retries;
      };
      networks = [ "back" ];
    };
  };

  networks = {
    front = { };
    back.internal = true; # only the API reaches Redis
  };

  volumes.extractions = { };
}
