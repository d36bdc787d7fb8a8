# `nix flake check`: the workspace's lints and tests, the images' contents, the modules, and the tests in VMs.
{ self, pkgs }:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenv.hostPlatform) isLinux;
  settings = import ../settings.nix;
  workspace = import ../workspace.nix pkgs;
  describe = description: lib.addMetaAttrs { inherit description; };

  cargo =
    name: inputs: command:
    workspace.overrideAttrs (old: {
      pname = "linkextractor-${name}";
      # Settings of clippy and nextest, and the documents and files that tests compare with the code.
      src = import ../source.nix lib [
        ../../.config
        ../../README.md
        ../../clippy.toml
        ../../docs
        ../../ops
      ];
      nativeBuildInputs = old.nativeBuildInputs ++ inputs;
      buildPhase = command;
      installPhase = "touch $out";
      meta.description = "Checks the workspace: ${name}";
    });

  vm = lib.mapAttrs' (
    file: _:
    lib.nameValuePair "vm-${lib.removeSuffix ".nix" file}" (
      describe "Checks in virtual machines: ${lib.removeSuffix ".nix" file}" (
        pkgs.testers.runNixOSTest (import (../../tests/vm + "/${file}") { inherit self pkgs; })
      )
    )
  ) (lib.filterAttrs (file: _: lib.hasSuffix ".nix" file) (builtins.readDir ../../tests/vm));
in
{
  clippy = cargo "clippy" [ pkgs.clippy ] ''
    cargo clippy --offline --workspace --all-targets -- --deny warnings
  '';

  doc = cargo "doc" [ ] ''
    RUSTDOCFLAGS="--deny warnings" cargo doc --offline --workspace --no-deps
  '';

  format =
    pkgs.runCommand "format" { meta.description = "Checks the format of Nix and Rust files"; }
      ''
        cd ${self}
        ${lib.getExe (import ../formatter.nix pkgs)} --check
        touch $out
      '';

  workflows =
    pkgs.runCommand "workflows"
      {
        nativeBuildInputs = [
          pkgs.actionlint
          pkgs.shellcheck
        ];
        meta.description = "Checks the workflows of hosted CI";
      }
      ''
        cd ${self}
        actionlint .github/workflows/*.yml
        touch $out
      '';

  options =
    pkgs.runCommand "options" { meta.description = "Compares the documented options with the modules"; }
      ''
        diff ${../../docs/nixos-options.md} ${import ../options.nix pkgs} || {
          echo "docs/nixos-options.md is not what the modules declare; it says itself how to write it again" >&2
          exit 1
        }
        touch $out
      '';
}
// lib.optionalAttrs isLinux (
  {
    images = import ./images.nix { inherit self pkgs; };
    modules = import ./modules.nix { inherit self pkgs; };
    docs = import ./docs.nix { inherit self pkgs; };

    # What no other check builds.
    inherit (self.packages.${pkgs.stdenv.hostPlatform.system}) up vm;
    shell = self.devShells.${pkgs.stdenv.hostPlatform.system}.default;

    # Without the tests that need a browser. Where the sandbox allows no user namespaces, tests that make networks
    # report that they are skipped; in .ci/run that is an error.
    tests =
      cargo "tests"
        [
          pkgs.cargo-nextest
          pkgs.iproute2
          pkgs.redis
          pkgs.util-linux
        ]
        ''
          cargo build --offline --workspace
          export NIX_SETTINGS=${lib.escapeShellArg (builtins.toJSON settings)}
          cargo nextest run --offline --workspace --filterset 'not (binary(browser) | binary(same_links))'
        '';
  }
  // vm
)
