# `nix fmt`: nix/format with its tools.
pkgs:
pkgs.writeShellApplication {
  name = "format";
  runtimeInputs = with pkgs; [
    coreutils
    findutils
    nixfmt
    rustfmt
  ];
  text = ''exec ${pkgs.runtimeShell} ${./format} "$@"'';
  meta.description = "Formats Nix and Rust files; takes paths and --check";
}
