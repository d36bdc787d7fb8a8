# The stack for `docker compose`, as data (JSON is YAML): web, API and Redis, each with no more than it needs.
# `images` names an image, `name:tag`, for `api`, `web` and `redis`.
{ settings, images }:
let
  inherit (settings) limits;

  service =
    name: own:
    {
      image = images.${name};
      pull_policy = "never"; # they are loaded, not published
      restart = "unless-stopped";
      stop_grace_period = "${toString limits.stop}s";
      read_only = true;
      cap_drop = [ "ALL" ];
      security_opt = [ "no-new-privileges:true" ];
      mem_limit = settings.${name}.memory;
      pids_limit = limits.processes;
    }
    // own;

  healthy.condition = "service_healthy"; # the images say how that is asked
in
{
  name = "linkextractor";

  services = {
    web = service "web" {
      depends_on.api = healthy;
      environment.API_ENDPOINT = "http://api:${toString settings.api.port}/api/";
      networks = [ "front" ];
      ports = [
        "\${WEB_ADDRESS:-127.0.0.1}:\${WEB_PORT:-${toString settings.web.port}}:${toString settings.web.port}"
      ];
      ulimits.nofile = limits.files;
    };

    api = service "api" {
      depends_on.redis = healthy;
      environment = {
        REDIS_URL = "redis://redis:${toString settings.redis.port}";
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

    redis = service "redis" {
      networks = [ "back" ];
    };
  };

  networks = {
    front = { };
    back.internal = true; # Redis is for the API alone
  };

  volumes.extractions = { };
}
