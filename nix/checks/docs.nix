# The examples of docs/nix.md evaluate, and no assertion of theirs fails; tests/nix-check compares them with the page.
{ self, pkgs }:
let
  inherit (pkgs) lib;

  configuration =
    example:
    ((import example).outputs {
      inherit (self.inputs) nixpkgs;
      linkextractor = self;
    }).nixosConfigurations.example.config;

  isSound =
    example:
    let
      config = configuration example;
    in
    lib.all (assertion: assertion.assertion) config.assertions && config.warnings == [ ];
in
assert isSound ../examples/simple.nix;
assert isSound ../examples/public.nix;
pkgs.runCommand "docs" { meta.description = "Checks the examples of docs/nix.md"; } "touch $out"
