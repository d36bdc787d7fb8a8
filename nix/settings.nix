# The facts that images, compose and NixOS modules share. Plain data: nothing here needs nixpkgs.
# tests/e2e/tests/nix_settings.rs compares it with the programs' defaults.
{
  user = 65532; # needs no account, and is no account of the host
  registry = "ghcr.io/linkextractor"; # where the images of releases are

  cli = {
    program = "linkextractor";
    image = "linkextractor";
    description = "The links of a web page, each with its text, as a browser would see them";
  };

  api = rec {
    program = "linkextractor-api";
    image = "linkextractor-api";
    description = "HTTP API that answers with the links of a web page";
    port = 5000;
    adminPort = 5001;
    environment = "LINKEXTRACTOR_API_"; # the prefix of its variables
    memory = 512; # MiB, `limits.memory`: the cache, and the pages that are being fetched and parsed
    memoryLimit = memory * 5 / 4; # MiB of its container or unit: the kernel counts socket buffers, too
  };

  web = rec {
    program = "linkextractor-web";
    image = "linkextractor-web";
    description = "Web page that shows the links of a web page and their domains";
    port = 8080;
    adminPort = 8081;
    environment = "LINKEXTRACTOR_WEB_";
    memory = 384; # MiB, `limits.memory`: long answers of the API, the pages rendered from them, and downloads
    memoryLimit = memory * 5 / 4;
  };

  redis = rec {
    image = "linkextractor-redis";
    registry = "redis:8"; # the image to pull where Nix does not build one
    description = "Redis as a cache: bounded in memory, with nothing on disk";
    port = 6379;
    memoryLimit = 320; # MiB: a quarter more than maxmemory
    maxmemory = "256mb";
    policy = "allkeys-lru";
    # What the API's user needs in a Redis that gives each user rights of its own.
    acl = "~linkextractor:* resetchannels -@all +getrange +set +eval +get +del +pttl +pexpire +select +role +asking +client|tracking +cluster|slots";
    server = "redis-server";
    arguments = [
      "--protected-mode" # off: there is no password, and the network is the stack's own
      "no"
      "--save"
      ""
      "--maxmemory"
      maxmemory
      "--maxmemory-policy"
      policy
    ];
    health = [
      "redis-cli"
      "ping"
    ];
  };

  limits = {
    connections = 10000;
    perClient = 0.5; # the share of requests and of memory that one client may hold
    grace = 20; # seconds for requests in flight after the signal to stop
    stop = 30; # seconds from that signal until the supervisor kills: more than the grace
    watchdog = 30; # seconds without a sign of life until systemd restarts the service
    files = 20000; # two a connection: the client's own, and one to fetch its page
    processes = 256;
  };

  # The subcommand that is the health check of images without a shell; times in seconds.
  health = {
    command = "healthcheck";
    interval = 5;
    timeout = 3;
    startPeriod = 10;
    retries = 3;
  };

  kubernetes = {
    namespace = "linkextractor";
    monitoring = "monitoring"; # the namespace of Prometheus, which may reach the admin listeners
    clientLabel = "linkextractor-client"; # pods of any namespace with `true` here may use the API
    # `cpu` is what a pod asks for. The autoscaler adds pods when they use more than four fifths of it on average.
    api = {
      cpu = "1";
      minReplicas = 2;
      maxReplicas = 10;
    };
    web = {
      cpu = "250m";
      minReplicas = 2;
      maxReplicas = 4;
    };
    redis.cpu = "100m";
  };

  log = {
    folder = "/var/log/linkextractor";
    file = "extraction.log";
    keep = 8; # weeks
  };

  # The networks that the API's guard refuses, loopback included.
  privateNetworks =
    let
      table = builtins.readFile ../services/fetch/src/guard/networks.txt;
      lines = builtins.filter builtins.isString (builtins.split "\n" table);
      networkOf = line: builtins.match "([0-9a-f.:]+/[0-9]+) .*" line;
    in
    builtins.concatMap (line: if networkOf line == null then [ ] else networkOf line) lines;
}
