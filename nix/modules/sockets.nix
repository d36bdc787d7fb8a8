# Socket activation, common to both services: systemd listens and hands the sockets over, so that they outlive a restart.
# `name` is that of the option under `services.linkextractor`.
name:
{ config, lib, ... }:
let
  settings = import ../settings.nix;
  inherit (settings.${name}) program;
  inherit ((import ../units.nix { inherit settings; }).${name}) sockets;
  cfg = config.services.linkextractor.${name};

  addresses = lib.filterAttrs (_: address: address != "none") {
    ${program} = cfg.settings.listen;
    "${program}-admin" = cfg.settings.admin.listen;
  };
  units = map (socket: "${socket}.socket") (lib.attrNames addresses);
in
{
  options.services.linkextractor.${name}.socketActivation = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = ''
      Whether systemd listens in the service's place. Connections then wait while the service restarts, so that none is
      refused, and ports below 1024 can be used. A changed address takes effect with
      `systemctl restart ${program}.socket`, which restarts the service too.
    '';
  };

  config = lib.mkIf (cfg.enable && cfg.socketActivation) {
    systemd = {
      sockets = lib.mapAttrs (
        socket: address: lib.recursiveUpdate sockets.${socket} { socketConfig.ListenStream = address; }
      ) addresses;

      services.${program} = {
        requires = units;
        after = units;
        # A new configuration restarts the service in one step: stopping it first would close the sockets.
        stopIfChanged = false;
        serviceConfig.Sockets = units;
      };
    };
  };
}
