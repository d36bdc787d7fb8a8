# The images in Docker, brought up by the generated compose file, as `just up` does.
{ self, pkgs }:
let
  packages = self.packages.${pkgs.stdenv.hostPlatform.system};
in
{
  name = "images";

  nodes = {
    docker = {
      virtualisation = {
        cores = 2;
        diskSize = 4096;
        memorySize = 2048;
        docker.enable = true;
      };
      environment.etc = {
        "images/cli".source = packages.image-cli;
        "images/api".source = packages.image-api;
        "images/web".source = packages.image-web;
        "images/redis".source = packages.image-redis;
        "compose.yaml".source = packages.compose;
      };
    };

    pages = ./nodes/pages.nix;
  };

  testScript = builtins.readFile ./images.py;
}
