# What images, compose and NixOS modules agree on. Plain data: nothing here needs nixpkgs.
# tests/e2e/tests/nix_settings.rs compares it with the programs' defaults.
{
  user = 65532; # no account is needed, and it is not one of the host's

  cli = {
    program = "linkextractor";
    image = "linkextractor";
  };

  api = {
    program = "linkextractor-api";
    image = "linkextractor-api";
    port = 5000;
    adminPort = 5001;
    environment = "LINKEXTRACTOR_API_"; # what its variables begin with
    memory = "1g"; # the cache, and pages being read with all that is made of them
  };

  web = {
    program = "linkextractor-web";
    image = "linkextractor-web";
    port = 8080;
    adminPort = 8081;
    environment = "LINKEXTRACTOR_WEB_";
    memory = "768m"; # long answers of the API, what is made of one, and files that are being read
  };

  redis = {
    image = "linkextractor-redis";
    port = 6379;
    memory = "320m";
    maxmemory = "256mb";
    policy = "allkeys-lru";
  };

  limits = {
    connections = 10000;
    grace = 20; # seconds from the signal to the last answer
    stop = 30; # seconds until the supervisor kills: more than the grace
    watchdog = 30; # seconds without a sign of life until systemd restarts
    files = 20000; # a connection, and what is fetched for it
    processes = 256;
  };

  # The subcommand that images without a shell are asked by; seconds.
  health = {
    command = "healthcheck";
    interval = 5;
    timeout = 3;
    startPeriod = 10;
    retries = 3;
  };

  log = {
    folder = "/var/log/linkextractor";
    file = "extraction.log";
  };

  # What no page on the public internet has as its address (IANA special-purpose registries).
  privateNetworks = [
    "0.0.0.0/8"
    "10.0.0.0/8"
    "100.64.0.0/10"
    "169.254.0.0/16"
    "172.16.0.0/12"
    "192.168.0.0/16"
    "fc00::/7"
    "fe80::/10"
  ];

  # systemd.exec(5): a server that needs the network, its log folder and nothing else.
  hardening = {
    CapabilityBoundingSet = "";
    DeviceAllow = "";
    DevicePolicy = "closed";
    DynamicUser = true;
    LockPersonality = true;
    MemoryDenyWriteExecute = true;
    NoNewPrivileges = true;
    PrivateDevices = true;
    PrivateMounts = true;
    PrivateTmp = true;
    PrivateUsers = true;
    ProcSubset = "pid";
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectProc = "invisible";
    ProtectSystem = "strict";
    RemoveIPC = true;
    RestrictAddressFamilies = [
      "AF_INET"
      "AF_INET6"
      "AF_UNIX"
    ];
    RestrictNamespaces = true;
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    SystemCallArchitectures = "native";
    SystemCallFilter = [
      "@system-service"
      "~@privileged"
      "~@resources"
    ];
    UMask = "0077";
  };
}
