# The whole stack on one machine, to look at: `nix run .#vm` starts it in a virtual machine, at the same ports of the host.
{ lib, modulesPath, ... }:
let
  facts = import ./settings.nix;
  ports = [
    facts.web.port
    facts.api.port
  ];
in
{
  imports = [
    ./modules/api.nix
    ./modules/web.nix
    "${modulesPath}/virtualisation/qemu-vm.nix"
  ];

  services.linkextractor = {
    api = {
      enable = true;
      socketActivation = true;
      openFirewall = true;
      redis.createLocally = true;
      settings = {
        listen = "0.0.0.0:${toString facts.api.port}";
        extraction_log = "${facts.log.folder}/${facts.log.file}";
      };
    };
    web = {
      enable = true;
      socketActivation = true;
      openFirewall = true;
      settings.listen = "0.0.0.0:${toString facts.web.port}";
    };
  };

  virtualisation = {
    cores = 2;
    memorySize = 2048;
    graphics = false;
    diskImage = null; # nothing stays when it stops
    forwardPorts = map (port: {
      from = "host";
      host = {
        address = "127.0.0.1";
        inherit port;
      };
      guest = { inherit port; };
    }) ports;
  };

  networking.hostName = "linkextractor";
  services.getty = {
    autologinUser = "root";
    helpLine = ''
      Link Extractor: http://localhost:${toString facts.web.port} on the host. To stop the machine: poweroff
    '';
  };
  documentation.enable = lib.mkDefault false;
  system.stateVersion = "26.05";
}
