# Prometheus scrapes both services, with the alerts of ops/.
{ self, pkgs }:
{
  name = "monitoring";

  nodes = {
    stack =
      { nodes, ... }:
      let
        reachable = port: {
          listen = "0.0.0.0:${toString port}";
          hosts = [ "stack" ];
        };
      in
      {
        imports = [ self.nixosModules.default ];

        services.linkextractor = {
          api = {
            enable = true;
            redis.createLocally = true;
            settings = {
              admin = reachable 5001;
              # A test network has private addresses only, which the API refuses.
              fetch.allow = [ "${nodes.pages.networking.primaryIPAddress}/32" ];
            };
          };
          web = {
            enable = true;
            openFirewall = true;
            settings = {
              listen = "0.0.0.0:8080";
              admin = reachable 8081;
            };
          };
        };
        networking.firewall.allowedTCPPorts = [
          5001
          8081
        ];
      };

    monitor.services.prometheus = {
      enable = true;
      globalConfig = {
        scrape_interval = "1s";
        evaluation_interval = "1s";
      };
      # An alert waits for minutes until it fires; here for a second.
      ruleFiles = [
        (pkgs.runCommand "alerts.yaml" { } ''
          sed --regexp-extended 's/^( +for:) .*/\1 1s/' ${self}/ops/prometheus/alerts.yaml > $out
        '')
      ];
      scrapeConfigs = [
        {
          job_name = "linkextractor-api";
          static_configs = [ { targets = [ "stack:5001" ]; } ];
        }
        {
          job_name = "linkextractor-web";
          static_configs = [ { targets = [ "stack:8081" ]; } ];
        }
      ];
    };

    pages = ./nodes/pages.nix;
  };

  testScript = builtins.readFile ./monitoring.py;
}
