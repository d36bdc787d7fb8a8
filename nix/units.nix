# The units of systemd, in the words of NixOS: `service` is what `systemd.services.<name>` takes, `sockets` what
# `systemd.sockets` takes. Plain data: nothing here needs nixpkgs. ExecStart is left to nix/systemd.nix and the modules,
# which know where the programs are.
{ settings }:
let
  inherit (settings) limits log;

  unit =
    name: own:
    let
      part = settings.${name};
      service = "${part.program}.service";

      socket = port: use: {
        description = "Link Extractor (${name}): socket of the ${use} listener";
        wantedBy = [ "sockets.target" ];
        socketConfig = {
          ListenStream = "127.0.0.1:${toString port}";
          FileDescriptorName = use; # by which the program knows it
          FreeBind = true; # sockets are made before the network is up
          Service = service;
        };
      };
    in
    {
      service = {
        description = "Link Extractor (${name})";
        wantedBy = [ "multi-user.target" ];
        # The address to listen on may exist only when the network is up.
        after = [ "network-online.target" ];
        wants = [ "network-online.target" ];
        unitConfig.StartLimitIntervalSec = 0; # it is started again, however often it fails
        serviceConfig =
          hardening
          // {
            Type = "notify";
            Restart = "always";
            RestartSec = 1;
            MemoryMax = "${toString part.memoryLimit}M";
            TimeoutStopSec = limits.stop;
            WatchdogSec = limits.watchdog;
            LimitNOFILE = limits.files;
          }
          // own;
      };

      # They outlive the service: while it restarts, connections wait in them.
      sockets = {
        ${part.program} = socket part.port "service";
        "${part.program}-admin" = socket part.adminPort "admin";
      };
    };

  # systemd.exec(5), for a server that needs the network, its log folder and nothing else.
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
in
{
  api = unit "api" { LogsDirectory = baseNameOf log.folder; } // {
    # A file with the URL of Redis, read by systemd: the service gets a copy that only it can read.
    redisUrl = file: {
      environment.REDIS_URL_FILE = "%d/redis-url";
      serviceConfig.LoadCredential = [ "redis-url:${file}" ];
    };

    # The kernel's defence, besides the API's own.
    denyPrivateNetworks.serviceConfig = {
      IPAddressAllow = [ "localhost" ];
      IPAddressDeny = settings.privateNetworks;
    };
  };

  web = unit "web" { };
}
