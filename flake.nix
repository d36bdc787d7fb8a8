{
  description = "Link Extractor: give it a web page, it gives you the page's links";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;

      eachSystem =
        f:
        lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
          "aarch64-darwin"
        ] (system: f nixpkgs.legacyPackages.${system});
    in
    {
      packages = eachSystem (import ./nix/packages.nix);

      apps = eachSystem (
        pkgs:
        lib.mapAttrs (_: program: {
          type = "app";
          program = lib.getExe program;
          meta = { inherit (program.meta) description; };
        }) (import ./nix/programs.nix pkgs)
      );

      overlays.default = final: _: import ./nix/programs.nix final;

      nixosConfigurations.demo = nixpkgs.lib.nixosSystem {
        modules = [
          ./nix/demo.nix
          { nixpkgs.hostPlatform = "x86_64-linux"; }
        ];
      };

      nixosModules = {
        api = ./nix/modules/api.nix;
        web = ./nix/modules/web.nix;
        default.imports = [
          ./nix/modules/api.nix
          ./nix/modules/web.nix
        ];
      };

      checks = eachSystem (pkgs: import ./nix/checks { inherit self pkgs; });

      devShells = eachSystem (pkgs: {
        default = import ./nix/shell.nix pkgs;
      });

      formatter = eachSystem (import ./nix/formatter.nix);
    };
}
