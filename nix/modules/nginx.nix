# A virtual host of nginx in front of a service. `name` is that of the option under `services.linkextractor`, `buffers` what
# nginx has to know of the service's responses.
name: buffers:
{ config, lib, ... }:
let
  cfg = config.services.linkextractor.${name};
in
{
  options.services.linkextractor.${name}.nginx.virtualHost = lib.mkOption {
    type = lib.types.nullOr lib.types.str;
    default = null;
    example = if name == "web" then "links.example.org" else "${name}.links.example.org";
    description = ''
      The nginx virtual host that serves it, if any. Certificates and other options are set in
      {option}`services.nginx.virtualHosts`, and the firewall's ports in
      {option}`networking.firewall.allowedTCPPorts`.
    '';
  };

  config = lib.mkIf (cfg.enable && cfg.nginx.virtualHost != null) {
    services.nginx = {
      enable = true;
      virtualHosts.${cfg.nginx.virtualHost}.locations."/" = {
        proxyPass = "http://${cfg.settings.listen}"; # without a path: the request target is passed on unchanged
        recommendedProxySettings = true;
        extraConfig = ''
          ${buffers}
          proxy_set_header Forwarded ""; # the client's own; the proxy settings report it in X-Forwarded-For
        '';
      };
    };
  };
}
