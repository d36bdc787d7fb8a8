let
  linkextractor = fetchTarball "https://github.com/linkextractor/linkextractor/archive/v0.1.0.tar.gz";
in
{
  imports = [
    "${linkextractor}/nix/modules/api.nix"
    "${linkextractor}/nix/modules/web.nix"
  ];

  services.linkextractor = {
    api = {
      enable = true;
      redis.createLocally = true;
    };
    web = {
      enable = true;
      socketActivation = true;
      settings.listen = "[::]:80";
      openFirewall = true;
    };
  };
}
