# The configurations in docs/nix.md evaluate, and no assertion of theirs fails.
{ self, pkgs }:
let
  inherit (pkgs) lib;
  parts = lib.splitString "```nix\n" (builtins.readFile ../../docs/nix.md);
  examples = map (part: lib.head (lib.splitString "```" part)) (lib.tail parts);

  # Stands for the machine's own configuration, which the examples import.
  machine = builtins.toFile "configuration.nix" ''
    {
      boot.isContainer = true;
      nixpkgs.hostPlatform = "${pkgs.stdenv.hostPlatform.system}";
      system.stateVersion = "26.05";
    }
  '';
  configuration =
    text:
    (
      (import (
        builtins.toFile "flake.nix" (
          builtins.replaceStrings [ "./configuration.nix" ] [ "${machine}" ] text
        )
      )).outputs
      {
        inherit (self.inputs) nixpkgs;
        linkextractor = self;
      }
    ).nixosConfigurations.example.config;

  failed = text: lib.filter (assertion: !assertion.assertion) (configuration text).assertions;
in
assert lib.length examples == 2;
assert lib.all (text: failed text == [ ] && (configuration text).warnings == [ ]) examples;
pkgs.runCommand "docs" {
  meta.description = "Checks the configurations in docs/nix.md";
} "touch $out"
