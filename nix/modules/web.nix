# services.linkextractor.web: the web page, optionally behind nginx.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  facts = import ../settings.nix;
  cfg = config.services.linkextractor.web;
in
{
  imports = [
    (import ./service.nix "web")
    # The beginning of a page is sent before its results are known.
    (import ./nginx.nix "web" "proxy_buffering off;")
  ];

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
  };

  config = lib.mkIf cfg.enable {
    # nginx reports its clients.
    services.linkextractor.web.settings.trusted_proxies = lib.mkIf (cfg.nginx.virtualHost != null) (
      lib.mkDefault [
        "127.0.0.1"
        "::1"
      ]
    );
  };
}
