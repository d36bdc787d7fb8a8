# Redis is killed, frozen and stopped while requests run.
{ self, ... }:
{
  name = "redis-loss";

  nodes = {
    stack =
      { nodes, ... }:
      {
        imports = [ self.nixosModules.api ];

        services.linkextractor.api = {
          enable = true;
          openFirewall = true;
          redis.createLocally = true;
          settings = {
            listen = "0.0.0.0:5000";
            # A test network has private addresses only, which the API refuses.
            fetch.allow = [ "${nodes.pages.networking.primaryIPAddress}/32" ];
          };
        };
      };

    pages = ./nodes/pages.nix;

    client = ./nodes/load.nix;
  };

  testScript = builtins.readFile ./redis-loss.py;
}
