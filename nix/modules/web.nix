# services.linkextractor.web: the web page, behind nginx where wanted.
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
            description = "The API: a page's URL is added to it.";
          };
          page_size = mkOption {
            type = types.nullOr types.ints.positive;
            default = null;
            description = "Links a page.";
          };
          templates_dir = mkOption {
            type = types.nullOr types.path;
            default = null;
            description = ''
              A folder of templates to use instead of the built-in ones. It is looked at when the system is built, and so
              has to be in the store, as a path such as `./templates` is.
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
        The nginx virtual host that serves the page, if any. Certificates and the like are set as for every other,
        in {option}`services.nginx.virtualHosts`.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    services.nginx = lib.mkIf (cfg.nginx.virtualHost != null) {
      enable = true;
      virtualHosts.${cfg.nginx.virtualHost}.locations."/" = {
        proxyPass = "http://${cfg.settings.listen}";
        recommendedProxySettings = true;
        # The page begins before its results are there.
        extraConfig = "proxy_buffering off;";
      };
    };
  };
}
