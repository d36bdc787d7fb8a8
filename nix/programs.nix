# The three programs, each with its own binary only. From `pkgsStatic` they are static.
pkgs:
let
  settings = import ./settings.nix;
  workspace = import ./workspace.nix pkgs;

  program =
    name: description:
    pkgs.runCommand "${name}-${workspace.version}"
      {
        pname = name;
        inherit (workspace) version;
        passthru = { inherit workspace; };
        meta = {
          inherit (workspace.meta) homepage license platforms;
          inherit description;
          mainProgram = name;
        };
      }
      ''
        install -Dm755 ${workspace}/bin/${name} $out/bin/${name}
      '';
in
builtins.mapAttrs program {
  ${settings.cli.program} =
    "The links of a web page, each with its text, as a browser would see them";
  ${settings.api.program} = "HTTP API that answers with the links of a web page";
  ${settings.web.program} = "Web page that shows the links of a web page and their domains";
}
