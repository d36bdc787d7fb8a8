# Redis, API and web on one machine by the NixOS modules; a second serves pages, a third asks.
{ self, ... }:
{
  name = "stack";

  nodes = {
    stack =
      { nodes, ... }:
      {
        imports = [ self.nixosModules.default ];

        services.linkextractor = {
          api = {
            enable = true;
            openFirewall = true;
            redis.createLocally = true;
            socketActivation = true;
            settings = {
              listen = "0.0.0.0:5000";
              extraction_log = "/var/log/linkextractor/extraction.log";
              # A test network has private addresses only, which the API refuses.
              fetch.allow = [ "${nodes.pages.networking.primaryIPAddress}/32" ];
            };
          };
          web = {
            enable = true;
            nginx.virtualHost = "stack";
          };
        };

        networking.firewall.allowedTCPPorts = [ 80 ];
      };

    pages = ./nodes/pages.nix;

    client = ./nodes/load.nix;
  };

  testScript = builtins.readFile ./stack.py;
}
