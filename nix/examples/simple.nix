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
              redis.createLocally = true;
            };
            web = {
              enable = true;
              socketActivation = true; # for a port below 1024
              settings.listen = "[::]:80";
              openFirewall = true;
            };
          };
        }
      ];
    };
  };
}
