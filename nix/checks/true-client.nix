# The API knows its clients in every deployment: it trusts the web page as a proxy, or where the page's address cannot be
# known, one client may hold all. Needs no nixpkgs: a few functions stand for its library.
let
  facts = import ../settings.nix;
  docker = import ../docker.nix;

  lib = {
    mkIf = condition: content: if condition then content else { };
    mkDefault = value: value;
    hasInfix = _: _: false;
    hasPrefix = _: _: true;
    optional = condition: value: if condition then [ value ] else [ ];
    optionalAttrs = condition: value: if condition then value else { };
  };

  # What a module sets in a system with this configuration.
  sets =
    module: services:
    (import module {
      inherit lib;
      config.services = services;
    }).config;

  page = virtualHost: {
    enable = true;
    settings.listen = "127.0.0.1:${toString facts.web.port}";
    nginx = { inherit virtualHost; };
  };
  api = {
    enable = true;
    nginx.virtualHost = null;
    denyPrivateNetworks = false;
    settings = {
      redis_url = null;
      fetch = { };
      extraction_log = null;
    };
    redis = {
      createLocally = false;
      urlFile = null;
    };
  };
  trusted =
    name: linkextractor:
    (sets ../modules/${name}.nix {
      inherit linkextractor;
      redis.servers.linkextractor = { };
    }).services.linkextractor.${name}.settings.trusted_proxies or { };
  loopback = [
    "127.0.0.1"
    "::1"
  ];

  composed = docker.compose.services.api.environment;
  believes = composed ? "${facts.api.environment}TRUSTED_PROXIES";
  configured = map (item: builtins.fromTOML (builtins.head (builtins.attrValues item.data))) (
    builtins.filter (item: item.kind == "ConfigMap") (import ../kubernetes.nix { }).items
  );

  isShared = composed."${facts.api.environment}LIMITS__PER_CLIENT" or "" == "1";
in
assert believes || isShared;
# Proxies and pages have addresses of the cluster's, which are private.
assert builtins.all (config: builtins.elem "10.0.0.0/8" config.trusted_proxies) configured;
# The page of the same machine.
assert
  trusted "api" {
    inherit api;
    web = page null;
  } == loopback;
assert trusted "api" { inherit api; } == { };
# nginx of the same machine, in front of the API.
assert
  trusted "api" {
    api = api // {
      nginx.virtualHost = "api.links.example.org";
    };
  } == loopback;
# nginx of the same machine, in front of the page.
assert trusted "web" { web = page "links.example.org"; } == loopback;
assert trusted "web" { web = page null; } == { };
true
