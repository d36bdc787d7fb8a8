# services.linkextractor.api: the HTTP API, and optionally a Redis for its cache.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  facts = import ../settings.nix;
  unit = (import ../units.nix { settings = facts; }).api;
  cfg = config.services.linkextractor.api;
  redis = config.services.redis.servers.linkextractor;
  isNetwork =
    entry: builtins.match "[0-9.]+(/[0-9]+)?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/[0-9]+)?" entry != null;

  optional =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit description example;
    };
in
{
  imports = [
    (import ./service.nix "api")
    # The field Link has the address and the title of a page.
    (import ./nginx.nix "api" "proxy_buffer_size 16k; proxy_buffers 8 16k;")
  ];

  options.services.linkextractor.api = {
    enable = lib.mkEnableOption "the HTTP API of Link Extractor";

    settings = mkOption {
      type = types.submodule {
        options = {
          redis_url =
            optional types.str "redis://cache.example.org"
              "Redis for the cache: `redis://`, `rediss://`, `redis+unix://`, `redis+sentinel://`, or some nodes of a Cluster with commas between. `null` keeps the cache in memory. The rights that its user needs: `${facts.redis.acl}`.";
          cache = {
            ttl = optional types.str "1h" "How long a result is kept.";
            memory = optional types.str "64MiB" "Size of the cache in memory.";
          };
          fetch = {
            allow = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = [
                "10.1.0.0/16"
                "wiki.example.internal"
              ];
              description = "Private networks and host names whose pages may be fetched although the API refuses them by default.";
            };
            deny = mkOption {
              type = types.listOf types.str;
              default = [ ];
              description = "Networks and host names whose pages may not be fetched.";
            };
            timeout = optional types.str "10s" "How long fetching a page may take.";
            max_bytes = optional types.str "10MB" "How large a page may be.";
          };
          log.fetches = optional (types.enum [
            "failures"
            "all"
            "none"
          ]) "all" "Which fetches of pages have a line in the log; by default those that failed.";
          extraction_log =
            optional types.path "${facts.log.folder}/${facts.log.file}"
              "A file to which each extraction is appended as a line. It must be in {file}`${facts.log.folder}`. logrotate keeps it for ${toString facts.log.keep} weeks.";
        };
      };
    };

    redis = {
      createLocally = mkOption {
        type = types.bool;
        default = false;
        description = "Whether to run a Redis for the cache on this machine, reached through its Unix socket.";
      };

      urlFile = mkOption {
        type = types.nullOr types.externalPath;
        default = null;
        example = "/run/keys/linkextractor-redis-url";
        description = "A file outside the Nix store with the URL of Redis, for a URL that has a password.";
      };
    };

    denyPrivateNetworks = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the kernel, too, drops packets between the API and private networks, as a second defence behind
        the API's own. Loopback and the networks of `fetch.allow` stay open. A name server in a private network cannot be
        reached, nor can, without {option}`services.linkextractor.api.socketActivation`, clients there reach the API. So
        this fits a machine with a reverse proxy and a local resolver.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.settings.redis_url == null || !lib.hasInfix "@" cfg.settings.redis_url;
        message = "services.linkextractor.api.settings.redis_url has credentials, and everyone can read it: use redis.urlFile.";
      }
      {
        assertion = !lib.hasInfix "@" (toString (cfg.settings.fetch.proxy or null));
        message = "services.linkextractor.api.settings.fetch.proxy has credentials, and everyone can read it: use environmentFile.";
      }
      {
        assertion = !(cfg.redis.createLocally && cfg.redis.urlFile != null);
        message = "services.linkextractor.api.redis: createLocally and urlFile exclude each other.";
      }
      {
        assertion =
          cfg.settings.extraction_log == null
          || dirOf (toString cfg.settings.extraction_log) == facts.log.folder;
        message = "services.linkextractor.api.settings.extraction_log: the service can write in the folder ${facts.log.folder} only.";
      }
    ];

    # The web page of this machine, and nginx, report their clients.
    services.linkextractor.api.settings.trusted_proxies =
      lib.mkIf (cfg.nginx.virtualHost != null || config.services.linkextractor.web.enable or false)
        (
          lib.mkDefault [
            "127.0.0.1"
            "::1"
          ]
        );

    services.linkextractor.api.settings.redis_url = lib.mkIf cfg.redis.createLocally (
      lib.mkDefault "redis+unix://${redis.unixSocket}"
    );

    services.redis.servers.linkextractor = lib.mkIf cfg.redis.createLocally {
      enable = true;
      save = [ ];
      settings = {
        inherit (facts.redis) maxmemory;
        maxmemory-policy = facts.redis.policy;
      };
    };

    # The program opens a new file once the old one was renamed: there is nobody to signal.
    services.logrotate.settings.linkextractor = lib.mkIf (cfg.settings.extraction_log != null) (
      lib.mapAttrs (_: lib.mkDefault) {
        files = cfg.settings.extraction_log;
        frequency = "weekly";
        rotate = facts.log.keep;
        compress = true;
        delaycompress = true; # the last lines may still go to the renamed file
      }
    );

    systemd.services.${facts.api.program} = lib.mkMerge [
      {
        # `wants` instead of `requires`: the API works without Redis.
        after = lib.optional cfg.redis.createLocally "redis-linkextractor.service";
        wants = lib.optional cfg.redis.createLocally "redis-linkextractor.service";
        serviceConfig.SupplementaryGroups = lib.optional cfg.redis.createLocally redis.group;
      }
      (lib.mkIf (cfg.redis.urlFile != null) (unit.redisUrl cfg.redis.urlFile))
      (lib.mkIf cfg.denyPrivateNetworks unit.denyPrivateNetworks)
      (lib.mkIf cfg.denyPrivateNetworks {
        serviceConfig.IPAddressAllow = lib.filter isNetwork cfg.settings.fetch.allow;
      })
    ];
  };
}
