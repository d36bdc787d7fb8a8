# The common part of both services' modules: options, the checked configuration file, the hardened unit.
# `name` is that of the option under `services.linkextractor`.
name:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  facts = import ../settings.nix;
  part = facts.${name};
  unit = (import ../units.nix { settings = facts; }).${name};
  cfg = config.services.linkextractor.${name};
  toml = pkgs.formats.toml { };
  portOf = address: lib.toInt (lib.last (lib.splitString ":" address));
  port = portOf cfg.settings.listen;
  canListen =
    address:
    address == "none"
    || (
      if cfg.socketActivation then portOf address > 0 else portOf address == 0 || portOf address >= 1024
    );

  # In MiB, as in `part.memoryLimit`.
  memoryLimit =
    let
      size = builtins.match "([0-9]+)([MG])iB" cfg.settings.limits.memory;
      unit = if lib.last size == "G" then 1024 else 1;
    in
    lib.toInt (lib.head size) * unit * 5 / 4;

  # The program itself checks the file, so that a typo fails the build and not the start.
  configFile =
    pkgs.runCommand "${part.program}.toml"
      {
        settings = toml.generate "${part.program}-unchecked.toml" (
          lib.filterAttrsRecursive (_: value: value != null) cfg.settings
        );
      }
      ''
        ${lib.optionalString (pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform) ''
          ${lib.getExe cfg.package} check-config --config $settings
        ''}
        cp $settings $out
      '';
in
{
  imports = [
    (import ./credentials.nix name)
    (import ./sockets.nix name)
  ];

  options.services.linkextractor.${name} = {
    package = mkOption {
      type = types.package;
      default = pkgs.${part.program} or (import ../programs.nix pkgs).${part.program};
      defaultText = lib.literalMD "`pkgs.${part.program}` of an overlay, or else the same built with the system's nixpkgs";
      description = "The package that has `${part.program}`.";
    };

    settings = mkOption {
      default = { };
      description = ''
        The configuration of `${part.program}`, written as TOML and checked by it when the system is built.
        Every key of its documentation can be set here; the options below are the usual ones.
        A key that is missing or `null` keeps the program's default.

        This file is world-readable: secrets go into
        {option}`services.linkextractor.${name}.environmentFile`.
      '';
      type = types.submodule {
        freeformType = toml.type;
        options = {
          listen = mkOption {
            type = types.str;
            default = "127.0.0.1:${toString part.port}";
            example = "[::]:${toString part.port}";
            description = "Address and port to listen on.";
          };
          admin = {
            listen = mkOption {
              type = types.str;
              default = "127.0.0.1:${toString part.adminPort}";
              description = "Address and port of `/live`, `/ready` and `/metrics`; `none`: nowhere.";
            };
            hosts = mkOption {
              type = types.listOf types.str;
              default = [ part.program ];
              description = ''
                Host names that this listener answers to, besides IP addresses, `localhost` and the machine's own name.
              '';
            };
          };
          trusted_proxies = mkOption {
            type = types.listOf types.str;
            default = [ ];
            example = [ "10.1.0.0/16" ];
            description = ''
              Networks or addresses of proxies that are believed when `Forwarded` or `X-Forwarded-For` reports the client.
            '';
          };
          limits = {
            connections = mkOption {
              type = types.ints.positive;
              default = facts.limits.connections;
              description = "Connections at once; further ones wait.";
            };
            per_client = mkOption {
              type = types.numbers.between 0 1;
              default = facts.limits.perClient;
              description = "The largest share of what clients compete for that one of them may hold; 1 is no limit.";
            };
            memory = mkOption {
              type = types.strMatching "[0-9]+[MG]iB";
              default = "${toString part.memory}MiB";
              example = "1GiB";
              description = ''
                The memory of the service, from which every budget takes its share, in `MiB` or `GiB`. The limit of the unit
                is a quarter more.
              '';
            };
            grace = mkOption {
              type = types.str;
              default = "${toString facts.limits.grace}s";
              description = ''
                How long requests in flight may take when the service stops. After ${toString facts.limits.stop} s systemd
                kills it: a longer time needs a longer `TimeoutStopSec` too.
              '';
            };
          };
          log = {
            level = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "debug";
              description = "How much is logged: `error`, `warn`, `info`, `debug` or `trace`.";
            };
            access = mkOption {
              type = types.nullOr types.bool;
              default = null;
              description = "Whether each request is a line in the log.";
            };
          };
        };
      };
    };

    configFile = mkOption {
      type = types.path;
      readOnly = true;
      default = configFile;
      defaultText = lib.literalMD "made from `settings`";
      description = "The checked configuration file.";
    };

    openFirewall = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to open the port of {option}`services.linkextractor.${name}.settings.listen`.";
    };

    environmentFile = mkOption {
      type = types.nullOr types.externalPath;
      default = null;
      example = "/run/keys/${part.program}.env";
      description = ''
        A file of variables ({manpage}`systemd.exec(5)`) that override the settings:
        `${part.environment}` and the key in capitals, with `__` for the dot of a nested key.
        systemd reads it, not the service; it must be outside the Nix store.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions =
      lib.mapAttrsToList
        (key: address: {
          assertion = canListen address;
          message = "services.linkextractor.${name}.settings.${key}: the service cannot listen on ${address}. Below 1024 set socketActivation, which in turn needs a port above 0, or use nginx.";
        })
        {
          listen = cfg.settings.listen;
          "admin.listen" = cfg.settings.admin.listen;
        };

    networking.firewall.allowedTCPPorts = lib.optional cfg.openFirewall port;

    systemd.services.${part.program} = unit.service // {
      serviceConfig = unit.service.serviceConfig // {
        ExecStart = "${lib.getExe cfg.package} --config ${cfg.configFile}";
        EnvironmentFile = lib.optional (cfg.environmentFile != null) cfg.environmentFile;
        MemoryMax = "${toString memoryLimit}M";
        LimitNOFILE = lib.max facts.limits.files (2 * cfg.settings.limits.connections);
      };
    };
  };
}
