# A machine that can ask without a pause: the command `load`.
{ pkgs, ... }:
{
  environment.systemPackages = [
    (pkgs.writeShellApplication {
      name = "load";
      runtimeInputs = [ pkgs.curl ];
      text = ''exec ${./load} "$@"'';
    })
  ];
}
