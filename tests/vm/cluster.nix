# Two machines with the API behind nginx, with one Redis that has a password.
{ self, ... }:
let
  api =
    { nodes, ... }:
    {
      imports = [ self.nixosModules.api ];

      services.linkextractor.api = {
        enable = true;
        openFirewall = true;
        redis.urlFile = "/etc/redis-url"; # in the store, because it is a test
        settings = {
          listen = "0.0.0.0:5000";
          trusted_proxies = [ nodes.proxy.networking.primaryIPAddress ];
          # A test network has private addresses only, which the API refuses.
          fetch.allow = [ "${nodes.pages.networking.primaryIPAddress}/32" ];
        };
      };
      environment.etc."redis-url".text = "redis://:secret@cache:6379";
    };
in
{
  name = "cluster";

  nodes = {
    one = api;
    two = api;

    cache.services.redis.servers."" = {
      enable = true;
      bind = null;
      openFirewall = true;
      requirePass = "secret";
      save = [ ];
    };

    # As docs/operations.md has it.
    proxy = {
      services.nginx = {
        enable = true;
        upstreams.linkextractor-api = {
          servers = {
            "one:5000".max_fails = 0;
            "two:5000".max_fails = 0;
          };
          extraConfig = ''
            keepalive 32;
            keepalive_timeout 5s;
          '';
        };
        virtualHosts.default.locations."/" = {
          proxyPass = "http://linkextractor-api";
          extraConfig = ''
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header Forwarded "";
            proxy_buffer_size 16k;
            proxy_buffers 8 16k;
            proxy_next_upstream error timeout;
          '';
        };
      };
      networking.firewall.allowedTCPPorts = [ 80 ];
    };

    pages = ./nodes/pages.nix;

    client = ./nodes/load.nix;
  };

  testScript = builtins.readFile ./cluster.py;
}
