{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    linkextractor.url = "github:linkextractor/linkextractor";
  };

  outputs = { nixpkgs, linkextractor, ... }: {
    nixosConfigurations.example = nixpkgs.lib.nixosSystem {
      modules = [
        ./configuration.nix
        linkextractor.nixosModules.default
        {
          services.linkextractor = {
            api = {
              enable = true;
              socketActivation = true; # restarts refuse no connection
              redis.createLocally = true;
              nginx.virtualHost = "api.links.example.org";
              settings.extraction_log = "/var/log/linkextractor/extraction.log";
            };
            web = {
              enable = true;
              socketActivation = true;
              nginx.virtualHost = "links.example.org";
              settings.api_public_url = "https://api.links.example.org/";
            };
          };

          services.nginx.virtualHosts = {
            "links.example.org" = {
              enableACME = true;
              forceSSL = true;
            };
            "api.links.example.org" = {
              enableACME = true;
              forceSSL = true;
            };
          };
          security.acme = {
            acceptTerms = true;
            defaults.email = "admin@example.org";
          };
          networking.firewall.allowedTCPPorts = [
            80
            443
          ];

          services.prometheus = {
            enable = true;
            ruleFiles = [ "${linkextractor}/ops/prometheus/alerts.yaml" ];
            scrapeConfigs = [
              {
                job_name = "linkextractor-api";
                static_configs = [ { targets = [ "127.0.0.1:5001" ]; } ];
              }
              {
                job_name = "linkextractor-web";
                static_configs = [ { targets = [ "127.0.0.1:8081" ]; } ];
              }
            ];
          };
        }
      ];
    };
  };
}
