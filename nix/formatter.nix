# `nix fmt`: every Nix file and every Rust file.
pkgs:
pkgs.writeShellApplication {
  name = "format";
  runtimeInputs = with pkgs; [
    cargo
    git
    nixfmt
    rustfmt
  ];
  text = ''
    git ls-files -z '*.nix' | xargs -0 nixfmt
    cargo fmt --all
  '';
}
