# The three programs, each with its own binary only. From `pkgsStatic` they are static.
pkgs:
let
  settings = import ./settings.nix;
  workspace = import ./workspace.nix pkgs;

  program =
    part:
    pkgs.runCommand "${part.program}-${workspace.version}"
      {
        pname = part.program;
        inherit (workspace) version;
        passthru = { inherit workspace; };
        meta = {
          inherit (workspace.meta) homepage license platforms;
          inherit (part) description;
          mainProgram = part.program;
        };
      }
      ''
        install -Dm755 ${workspace}/bin/${part.program} $out/bin/${part.program}
      '';
in
builtins.listToAttrs (
  map
    (part: {
      name = part.program;
      value = program part;
    })
    [
      settings.cli
      settings.api
      settings.web
    ]
)
