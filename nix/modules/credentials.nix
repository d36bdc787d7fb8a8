# Secrets in files, common to both services. `name` is that of the option under `services.linkextractor`.
name:
{ config, lib, ... }:
let
  part = (import ../settings.nix).${name};
  cfg = config.services.linkextractor.${name};
  idOf = builtins.replaceStrings [ "." ] [ "-" ];
  variableOf = key: part.environment + lib.toUpper (builtins.replaceStrings [ "." ] [ "__" ] key);
in
{
  options.services.linkextractor.${name}.credentials = lib.mkOption {
    type = lib.types.attrsOf lib.types.externalPath;
    default = { };
    example = {
      "redis.key_file" = "/run/keys/redis.key";
    };
    description = ''
      Files outside the Nix store for settings that name one (`…_file`). systemd reads them, and gives the service copies
      that only it can read ({manpage}`systemd.exec(5)`, `LoadCredential=`).
    '';
  };

  config = lib.mkIf (cfg.enable && cfg.credentials != { }) {
    systemd.services.${part.program} = {
      environment = lib.mapAttrs' (
        key: _: lib.nameValuePair (variableOf key) "%d/${idOf key}"
      ) cfg.credentials;
      serviceConfig.LoadCredential = lib.mapAttrsToList (
        key: file: "${idOf key}:${file}"
      ) cfg.credentials;
    };
  };
}
