# A machine that serves a page with two links.
{ pkgs, ... }:
{
  services.nginx = {
    enable = true;
    virtualHosts.default.root = pkgs.writeTextDir "index.html" ''
      <!doctype html>
      <title>Pages</title>
      <a href="/about">About us</a>
      <a href="https://example.org/"><img src="logo.png" alt=""></a>
    '';
  };
  networking.firewall.allowedTCPPorts = [ 80 ];
}
