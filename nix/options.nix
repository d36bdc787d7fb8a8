# The reference of the modules' options as Markdown: docs/nixos-options.md, which a check compares with this.
pkgs:
let
  inherit (pkgs) lib;

  modules = lib.evalModules {
    modules = [
      ./modules/api.nix
      ./modules/web.nix
      {
        _module.check = false; # without the rest of NixOS, whose options they set
        _module.args = { inherit pkgs; };
      }
    ];
  };

  options = (pkgs.nixosOptionsDoc { options = { inherit (modules.options) services; }; }).optionsNix;

  words =
    text: lib.filter (word: lib.isString word && word != "") (builtins.split "[[:space:]]+" text);
  oneLine = text: lib.concatStringsSep " " (words text);
  # Without the roles of nixpkgs' Markdown, such as {option}.
  plain = builtins.replaceStrings [ "{file}`" "{manpage}`" "{option}`" ] [ "`" "`" "`" ];
  value = what: if what._type == "literalMD" then what.text else "`${oneLine what.text}`";

  section =
    name: option:
    lib.concatStrings (
      [
        "\n## `${name}`\n\n"
        "${plain (lib.trim option.description)}\n\n"
        "- Type: ${option.type}\n"
      ]
      ++ lib.optional (option ? default) "- Default: ${value option.default}\n"
      ++ lib.optional (option ? example) "- Example: ${value option.example}\n"
      ++ lib.optional option.readOnly "- Read-only\n"
    );
in
pkgs.writeTextFile {
  name = "nixos-options.md";
  text = ''
    # Options of the NixOS modules

    [nix.md](nix.md) says how they are used. This page is generated from `nix/modules/`; to write it again:
    `nix build .#options && cp --no-preserve=mode result docs/nixos-options.md`.
  ''
  + lib.concatStrings (lib.mapAttrsToList section options);
  meta.description = "Reference of the NixOS modules' options, as Markdown";
}
