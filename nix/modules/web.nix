# services.linkextractor.web: the web page, optionally behind nginx.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  facts = import ../settings.nix;
  cfg = config.services.linkextractor.web;
in
{
  imports = [ (import ./service.nix "web") ];

  options.services.linkextractor.web = {
    enable = lib.mkEnableOption "the web page of Link Extractor";

    settings = mkOption {
      type = types.submodule {
        options = {
          api_endpoint = mkOption {
            type = types.str;
            default = "http://localhost:${toString facts.api.port}/api/";
            description = "The API's address, to which the URL of a page is appended.";
          };
          page_size = mkOption {
            type = types.nullOr types.ints.positive;
            default = null;
            description = "Number of links on a page.";
          };
          templates_dir = mkOption {
            type = types.nullOr types.path;
            default = null;
            description = ''
              A folder of templates to use instead of the built-in ones. It is checked when the system is built, so it
              must be in the store, as a path such as `./templates` is.
            '';
          };
        };
      };
    };

    nginx.virtualHost = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "links.example.org";
      description = ''
        The nginx virtual host that serves the page, if any. Certificates and other options are set in
        {option}`services.nginx.virtualHosts`, and the firewall's ports in
        {option}`networking.firewall.allowedTCPPorts`.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    services.nginx = lib.mkIf (cfg.nginx.virtualHost != null) {
      enable = true;
      virtualHosts.${cfg.nginx.virtualHost}.locations."/" = {
        proxyPass = "http://${cfg.settings.listen}";
        recommendedProxySettings = true;
        # The beginning of a page is sent before its results are known.
        extraConfig = ''
          proxy_buffering off;
          proxy_set_header Forwarded ""; # the client's own; the proxy settings report it in X-Forwarded-For
        '';
      };
    };

    # nginx reports its clients.
    services.linkextractor.web.settings.trusted_proxies = lib.mkIf (cfg.nginx.virtualHost != null) (
      lib.mkDefault [
        "127.0.0.1"
        "::1"
      ]
    );
  };
}
