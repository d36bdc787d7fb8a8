# Redis, API and web on one machine by the NixOS modules; a second serves pages, a third asks.
{ self, pkgs }:
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

    pages = {
      services.nginx = {
        enable = true;
        virtualHosts.default.root = pkgs.writeTextDir "index.html" ''
          <!doctype html>
          <title>Pages</title>
          <a href="/about">About us</a>
          <a href="https://example.org/"><img src="logo.png" alt=""></a>
        '';
      };
      networking.firewall.allowedTCPPorts = [ 80 ];
    };

    client = { };
  };

  testScript = builtins.readFile ./stack.py;
}
