# `nix run .#vm`: demo.nix in a virtual machine of this host; on macOS a Linux builder builds it.
pkgs:
let
  inherit (pkgs.stdenv.hostPlatform) isLinux;
  machine = (if isLinux then pkgs else pkgs.pkgsLinux).nixos {
    imports = [ ./demo.nix ];
    virtualisation.host = { inherit pkgs; };
  };
in
pkgs.lib.addMetaAttrs {
  description = "The whole stack in a virtual machine";
} machine.config.system.build.vm
