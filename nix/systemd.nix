# The units as files, path → text, for systems other than NixOS: `ops/systemd/`, written by `tests/nix-check --write`.
# The programs are in /usr/local/bin, their configuration in /etc/linkextractor.
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    isBool
    isList
    listToAttrs
    toString
    ;

  settings = import ./settings.nix;
  units = import ./units.nix { inherit settings; };

  value = given: if isBool given then (if given then "true" else "false") else toString given;

  # A list is one line an element; an empty list is none.
  lines =
    values:
    concatMap (
      key:
      map (given: "${key}=${value given}\n") (
        if isList values.${key} then values.${key} else [ values.${key} ]
      )
    ) (attrNames values);

  # `sections` is a list, to keep their order.
  file =
    sections:
    concatStringsSep "\n" (
      map ({ name, values }: concatStringsSep "" ([ "[${name}]\n" ] ++ lines values)) sections
    );
  section = name: values: { inherit name values; };

  serviceSection =
    {
      environment ? { },
      serviceConfig,
    }:
    section "Service" (
      serviceConfig
      // {
        Environment = map (name: "${name}=${environment.${name}}") (attrNames environment);
      }
    );

  filesOf =
    name:
    let
      inherit (settings.${name}) program;
      inherit (units.${name}) service sockets;
      socketFiles = map (socket: "${socket}.socket") (attrNames sockets);
    in
    [
      {
        name = "${program}.service";
        value = file [
          (section "Unit" (
            service.unitConfig
            // {
              Description = service.description;
              After = service.after;
              Wants = service.wants;
              Requires = socketFiles;
            }
          ))
          (serviceSection {
            serviceConfig = service.serviceConfig // {
              ExecStart = "/usr/local/bin/${program} --config /etc/linkextractor/${program}.toml";
            };
          })
          (section "Install" { WantedBy = service.wantedBy; })
        ];
      }
    ]
    ++ map (socket: {
      name = "${socket}.socket";
      value = file [
        (section "Unit" { Description = sockets.${socket}.description; })
        (section "Socket" sockets.${socket}.socketConfig)
        (section "Install" { WantedBy = sockets.${socket}.wantedBy; })
      ];
    }) (attrNames sockets);
in
listToAttrs (
  filesOf "api"
  ++ filesOf "web"
  # Drop-ins of the API, for those who want them.
  ++ [
    {
      name = "optional/redis-url.conf";
      value = file [ (serviceSection (units.api.redisUrl "/etc/linkextractor/redis-url")) ];
    }
    {
      name = "optional/deny-private-networks.conf";
      value = file [ (serviceSection units.api.denyPrivateNetworks) ];
    }
  ]
)
