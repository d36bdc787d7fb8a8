# The modules evaluate with every option, and misuse is refused when the system is built.
{ self, pkgs }:
let
  inherit (pkgs) lib;

  linkextractor =
    config:
    (pkgs.nixos {
      imports = [ self.nixosModules.default ];
      services.linkextractor = config;
      boot.isContainer = true;
      system.stateVersion = "26.05";
    }).config;

  refused = config: lib.any (assertion: !assertion.assertion) (linkextractor config).assertions;

  everything = {
    api = {
      enable = true;
      openFirewall = true;
      redis.createLocally = true;
      denyPrivateNetworks = true;
      settings.fetch.deny = [ "example.org" ];
    };
    web = {
      enable = true;
      openFirewall = true;
      nginx.virtualHost = "links.example.org";
      environmentFile = "/run/keys/web.env";
    };
  };

  misspelt = linkextractor {
    api = {
      enable = true;
      settings.lisen = "127.0.0.1:5000";
    };
  };
in
assert
  lib.sort lib.lessThan (linkextractor everything).networking.firewall.allowedTCPPorts == [
    5000
    8080
  ];
assert !refused everything;
assert refused {
  api = {
    enable = true;
    settings.redis_url = "redis://:password@cache.example.org";
  };
};
assert refused {
  api = {
    enable = true;
    settings.fetch.proxy = "http://user:password@proxy.example.org:3128";
  };
};
assert refused {
  api = {
    enable = true;
    settings.listen = "0.0.0.0:80";
  };
};
assert refused {
  api = {
    enable = true;
    settings.extraction_log = "/var/lib/extraction.log";
  };
};
assert refused {
  web = {
    enable = true;
    environmentFile = "${self}/secrets.env";
  };
};
pkgs.runCommand "modules"
  {
    units = map (name: (linkextractor everything).systemd.units."${name}.service".unit) [
      "linkextractor-api"
      "linkextractor-web"
    ];
    log = pkgs.testers.testBuildFailure misspelt.services.linkextractor.api.configFile;
  }
  ''
    grep lisen $log/testBuildFailure.log
    touch $out
  ''
