# The examples of docs/nix.md evaluate, and no assertion of theirs fails; tests/nix-check compares them with the page.
{ self, pkgs }:
let
  inherit (pkgs) lib;

  flake =
    example:
    ((import example).outputs {
      inherit (self.inputs) nixpkgs;
      linkextractor = self;
    }).nixosConfigurations.example;

  # What it downloads is this source.
  channels = self.inputs.nixpkgs.lib.nixosSystem {
    modules = [
      ../examples/configuration.nix
      (builtins.scopedImport { fetchTarball = _: self; } ../examples/channels.nix)
    ];
  };

  isSound =
    { config, ... }:
    lib.all (assertion: assertion.assertion) config.assertions && config.warnings == [ ];
in
assert isSound (flake ../examples/simple.nix);
assert isSound (flake ../examples/public.nix);
assert isSound channels;
pkgs.runCommand "docs" { meta.description = "Checks the examples of docs/nix.md"; } "touch $out"
