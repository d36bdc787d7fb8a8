# `nix develop`: the tools that the justfile calls.
pkgs:
pkgs.mkShell {
  meta.description = "The tools that the justfile calls";

  packages =
    with pkgs;
    [
      actionlint
      cargo
      cargo-deny
      cargo-nextest
      clippy
      curl
      deadnix
      docker-client
      jq
      just
      mypy
      nixfmt
      redis
      ruff
      rust-analyzer
      rustc
      rustfmt
      shellcheck
      statix
    ]
    ++ lib.optionals stdenv.hostPlatform.isLinux [
      chromedriver
      chromium
      iproute2
      util-linux
    ];
}
