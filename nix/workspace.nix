# The Cargo workspace, built once for all programs. Tests and lints are separate checks: nix/checks/.
pkgs:
let
  inherit (pkgs) lib rustPlatform stdenv;
  settings = import ./settings.nix;
  inherit ((lib.importTOML ../Cargo.toml).workspace) package;
  programs = map (part: part.program) [
    settings.cli
    settings.api
    settings.web
  ];
in
rustPlatform.buildRustPackage {
  pname = "linkextractor-workspace";
  inherit (package) version;

  src = import ./source.nix lib [ ];
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = lib.concatMap (program: [
    "--package"
    program
  ]) programs;
  doCheck = false;
  # With the wrapper of cargo-auditable, the checks' Clippy, rustdoc and nextest would run inside it.
  auditable = false;

  # The same bytes wherever it is built: without a sandbox, the build's folder has another name each time.
  preBuild = ''
    export RUSTFLAGS="''${RUSTFLAGS:-} --remap-path-prefix=$NIX_BUILD_TOP=/build"
    export NIX_CFLAGS_COMPILE="''${NIX_CFLAGS_COMPILE:-} -ffile-prefix-map=$NIX_BUILD_TOP=/build"
  '';

  # Repeated here, because nixpkgs exports an empty RUSTFLAGS, which hides the flags of the static platform.
  env = lib.optionalAttrs stdenv.hostPlatform.isStatic {
    RUSTFLAGS = "-C target-feature=+crt-static";
  };

  postInstall = lib.optionalString (stdenv.hostPlatform.isStatic && stdenv.hostPlatform.isElf) ''
    for program in $out/bin/*; do
      headers=$($READELF --program-headers "$program")
      if [[ $headers == *INTERP* ]]; then
        echo "$program is not static" >&2
        exit 1
      fi
    done
  '';

  meta = {
    homepage = package.repository;
    license = lib.licenses.mit;
  };
}
