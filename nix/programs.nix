# The three programs, each with its own binary only. From `pkgsStatic` they are static.
pkgs:
let
  inherit (pkgs) lib stdenv;
  settings = import ./settings.nix;
  workspace = import ./workspace.nix pkgs;

  # The completions ask the program itself, so they have to be of the same version. A cross compiler's cannot be run.
  shellFiles = ''
    program=$out/bin/${settings.cli.program}
    $program man > ${settings.cli.program}.1
    installManPage ${settings.cli.program}.1
    for shell in bash fish zsh; do
      $program completions $shell > completions.$shell
      installShellCompletion --cmd ${settings.cli.program} --$shell completions.$shell
    done
  '';

  program =
    part:
    pkgs.runCommand "${part.program}-${workspace.version}"
      {
        pname = part.program;
        nativeBuildInputs = [ pkgs.buildPackages.installShellFiles ];
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
        ${lib.optionalString (
          part == settings.cli && stdenv.buildPlatform.canExecute stdenv.hostPlatform
        ) shellFiles}
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
