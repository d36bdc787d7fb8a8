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

  # By an assertion, or by an option's type.
  refused =
    config:
    let
      system = linkextractor config;
      failed = lib.any (assertion: !assertion.assertion) system.assertions;
      services = lib.filterAttrs (name: _: lib.hasPrefix "linkextractor" name) system.systemd.services;
    in
    !(builtins.tryEval (builtins.deepSeq (lib.mapAttrs (_: unit: unit.serviceConfig) services) failed))
    .success
    || failed;

  everything = {
    api = {
      enable = true;
      openFirewall = true;
      redis.createLocally = true;
      denyPrivateNetworks = true;
      credentials."fetch.proxy_file" = "/run/keys/proxy-url";
      settings = {
        extraction_log = "/var/log/linkextractor/extraction.log";
        fetch.allow = [
          "10.1.0.0/16"
          "fd00::1"
          "wiki.example.internal"
        ];
        fetch.deny = [ "example.org" ];
      };
    };
    web = {
      enable = true;
      socketActivation = true;
      openFirewall = true;
      settings.listen = "[::]:80";
      nginx.virtualHost = "links.example.org";
      environmentFile = "/run/keys/web.env";
    };
  };

  system = linkextractor everything;
  serviceConfig = name: system.systemd.services.${name}.serviceConfig;
  socketConfig = name: system.systemd.sockets.${name}.socketConfig;

  misspelt = linkextractor {
    api = {
      enable = true;
      settings.lisen = "127.0.0.1:5000";
    };
  };
in
assert
  lib.sort lib.lessThan system.networking.firewall.allowedTCPPorts == [
    80
    5000
  ];
assert !refused everything;
# systemd listens, under the names that the program expects, and the service gets both sockets.
assert
  lib.attrNames (lib.filterAttrs (name: _: lib.hasPrefix "linkextractor" name) system.systemd.sockets)
  == [
    "linkextractor-web"
    "linkextractor-web-admin"
  ];
assert (socketConfig "linkextractor-web").ListenStream == "[::]:80";
assert (socketConfig "linkextractor-web").FileDescriptorName == "service";
assert (socketConfig "linkextractor-web-admin").FileDescriptorName == "admin";
assert
  (serviceConfig "linkextractor-web").Sockets == [
    "linkextractor-web.socket"
    "linkextractor-web-admin.socket"
  ];
# The log is rotated, what may be fetched may be reached, and Redis's socket is its group's.
assert
  system.services.logrotate.enable
  && system.services.logrotate.settings.linkextractor.files == everything.api.settings.extraction_log;
assert
  lib.sort lib.lessThan (serviceConfig "linkextractor-api").IPAddressAllow == [
    "10.1.0.0/16"
    "fd00::1"
    "localhost"
  ];
assert
  (serviceConfig "linkextractor-api").SupplementaryGroups == [
    system.services.redis.servers.linkextractor.group
  ];
# A secret goes to the service as a credential.
assert
  (serviceConfig "linkextractor-api").LoadCredential == [ "fetch-proxy_file:/run/keys/proxy-url" ];
assert
  system.systemd.services.linkextractor-api.environment.LINKEXTRACTOR_API_FETCH__PROXY_FILE
  == "%d/fetch-proxy_file";
# An overlay's package stands before ours.
assert (pkgs.extend (final: _: { linkextractor-web = final.hello; })).callPackage (
  { nixos, hello }:
  (nixos {
    imports = [ self.nixosModules.default ];
  }).config.services.linkextractor.web.package == hello
) { };
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
    settings.admin.listen = "127.0.0.1:81";
  };
};
assert refused {
  api = {
    enable = true;
    socketActivation = true;
    settings.listen = "127.0.0.1:0";
  };
};
assert refused {
  api = {
    enable = true;
    redis.urlFile = "${self}/redis-url";
  };
};
assert refused {
  api = {
    enable = true;
    settings.extraction_log = "/var/log/linkextractor/folder/extraction.log";
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
    meta.description = "Checks the NixOS modules, and that misuse is refused";
    units = map (name: system.systemd.units.${name}.unit) [
      "linkextractor-api.service"
      "linkextractor-web.service"
      "linkextractor-web.socket"
      "linkextractor-web-admin.socket"
    ];
    log = pkgs.testers.testBuildFailure misspelt.services.linkextractor.api.configFile;
  }
  ''
    grep lisen $log/testBuildFailure.log
    touch $out
  ''
