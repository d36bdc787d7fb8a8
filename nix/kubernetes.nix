# The stack for Kubernetes, as a List of manifests: web, API and Redis in a namespace of their own. Plain data: nothing
# here needs nixpkgs. `images` names an image for `api`, `web` and `redis`; by default those of the release.
# `ops/kubernetes.json` is written from it by `tests/nix-check --write`.
let
  released =
    settings:
    let
      inherit ((builtins.fromTOML (builtins.readFile ../Cargo.toml)).workspace.package) version;
      ours = name: "${settings.registry}/${settings.${name}.image}:${version}";
    in
    {
      api = ours "api";
      web = ours "web";
      redis = "docker.io/library/${settings.redis.registry}";
    };
in
{
  settings ? import ./settings.nix,
  images ? released settings,
}:
let
  inherit (settings) health limits kubernetes;
  seconds = n: "${toString n}s";
  MiB = n: "${toString n}Mi";
  delay = 5; # seconds until no node sends new connections to a pod that stops

  # Objects

  nameOf = name: settings.${name}.image;
  labels = name: {
    "app.kubernetes.io/name" = nameOf name;
    "app.kubernetes.io/part-of" = "linkextractor";
  };
  selector = name: { "app.kubernetes.io/name" = nameOf name; };

  object =
    apiVersion: kind: name: content:
    {
      inherit apiVersion kind;
      metadata = {
        inherit (kubernetes) namespace;
        name = nameOf name;
        labels = labels name;
      };
    }
    // content;

  namespace = {
    apiVersion = "v1";
    kind = "Namespace";
    metadata = {
      name = kubernetes.namespace;
      labels."pod-security.kubernetes.io/enforce" = "restricted";
    };
  };

  deployment =
    name:
    {
      strategy,
      annotations ? { },
      container,
      pod,
    }:
    object "apps/v1" "Deployment" name {
      spec = {
        inherit strategy;
        selector.matchLabels = selector name;
        template = {
          metadata = {
            inherit annotations;
            labels = labels name;
          };
          spec = {
            automountServiceAccountToken = false;
            enableServiceLinks = false; # variables that look like settings
            securityContext = {
              runAsNonRoot = true;
              runAsUser = settings.user;
              runAsGroup = settings.user;
              seccompProfile.type = "RuntimeDefault";
            };
            containers = [
              (
                {
                  inherit name;
                  image = images.${name};
                  resources = {
                    requests = {
                      cpu = kubernetes.${name}.cpu;
                      memory = MiB settings.${name}.memoryLimit;
                    };
                    # None for the processor: it would stop the program in the middle of a request.
                    limits.memory = MiB settings.${name}.memoryLimit;
                  };
                  securityContext = {
                    allowPrivilegeEscalation = false;
                    capabilities.drop = [ "ALL" ];
                    readOnlyRootFilesystem = true;
                  };
                }
                // container
              )
            ];
          }
          // pod;
        };
      };
    };

  service =
    name: port: targetPort:
    object "v1" "Service" name {
      spec = {
        selector = selector name;
        ports = [
          {
            inherit port targetPort;
            name = targetPort;
          }
        ];
      };
    };

  # Our servers: the file of the configuration, the Deployment, and what scales and keeps it.
  server =
    name:
    {
      port, # of the Service
      config, # TOML
      env ? [ ],
    }:
    let
      part = settings.${name};
      file = "${part.program}.toml";
      folder = "/etc/linkextractor";
      # The images have neither a shell nor curl. Kubernetes does not read their health checks.
      probe =
        arguments: own:
        {
          exec.command = [
            "/bin/${part.program}"
            health.command
            "--config"
            "${folder}/${file}"
          ]
          ++ arguments;
          periodSeconds = health.interval;
          timeoutSeconds = health.timeout;
          failureThreshold = health.retries;
        }
        // own;
      spread = topologyKey: {
        inherit topologyKey;
        maxSkew = 1;
        whenUnsatisfiable = "ScheduleAnyway";
        labelSelector.matchLabels = selector name;
      };
    in
    [
      (object "v1" "ConfigMap" name { data.${file} = config; })

      (deployment name {
        strategy = {
          type = "RollingUpdate";
          rollingUpdate = {
            maxSurge = 1;
            maxUnavailable = 0;
          };
        };
        annotations = {
          "linkextractor/config" = builtins.hashString "sha256" config; # a new configuration is a new rollout
          "prometheus.io/scrape" = "true";
          "prometheus.io/port" = toString part.adminPort;
        };
        container = {
          inherit env;
          args = [
            "--config"
            "${folder}/${file}"
          ];
          ports = [
            {
              name = "http";
              containerPort = part.port;
            }
            {
              name = "admin";
              containerPort = part.adminPort;
            }
          ];
          startupProbe = probe [ "--live" ] {
            periodSeconds = 1;
            failureThreshold = 60;
          };
          readinessProbe = probe [ ] { };
          livenessProbe = probe [ "--live" ] { };
          volumeMounts = [
            {
              name = "config";
              mountPath = folder;
              readOnly = true;
            }
          ];
        };
        pod = {
          terminationGracePeriodSeconds = delay + limits.stop;
          topologySpreadConstraints = [
            (spread "kubernetes.io/hostname")
            (spread "topology.kubernetes.io/zone")
          ];
          volumes = [
            {
              name = "config";
              configMap.name = nameOf name;
            }
          ];
        };
      })

      (service name port "http")

      (object "autoscaling/v2" "HorizontalPodAutoscaler" name {
        spec = {
          scaleTargetRef = {
            apiVersion = "apps/v1";
            kind = "Deployment";
            name = nameOf name;
          };
          inherit (kubernetes.${name}) minReplicas maxReplicas;
          metrics = [
            {
              type = "Resource";
              resource = {
                name = "cpu";
                target = {
                  type = "Utilization"; # of the request
                  averageUtilization = 80;
                };
              };
            }
          ];
        };
      })

      (object "policy/v1" "PodDisruptionBudget" name {
        spec = {
          maxUnavailable = 1;
          selector.matchLabels = selector name;
        };
      })
    ];

  # Both servers say the same of their surroundings.
  common = name: ''
    # Proxies and the web page have private addresses; the network policy says which of them can connect.
    trusted_proxies = ${
      builtins.toJSON [
        "10.0.0.0/8"
        "100.64.0.0/10"
        "172.16.0.0/12"
        "192.168.0.0/16"
        "fc00::/7"
      ]
    }

    [admin]
    listen = "0.0.0.0:${toString settings.${name}.adminPort}"

    [limits]
    delay = "${seconds delay}"
    grace = "${seconds limits.grace}"
    memory = "${toString settings.${name}.memory}MiB"
  '';

  # Networks

  policy =
    name: ingress: egress:
    object "networking.k8s.io/v1" "NetworkPolicy" name {
      spec = {
        podSelector.matchLabels = selector name;
        policyTypes = [
          "Ingress"
          "Egress"
        ];
        inherit ingress egress;
      };
    };

  tcp = port: {
    inherit port;
    protocol = "TCP";
  };
  pods = name: { podSelector.matchLabels = selector name; };
  inNamespace = name: { namespaceSelector.matchLabels."kubernetes.io/metadata.name" = name; };

  dns = {
    to = [
      (inNamespace "kube-system" // { podSelector.matchLabels.k8s-app = "kube-dns"; })
      { ipBlock.cidr = "169.254.20.10/32"; } # a node's own cache of names
    ];
    ports =
      map
        (protocol: {
          inherit protocol;
          port = 53;
        })
        [
          "UDP"
          "TCP"
        ];
  };

  monitoring = {
    from = [ (inNamespace kubernetes.monitoring) ];
    ports = [ (tcp "admin") ];
  };

  # Global unicast addresses are 2000::/3, so of the IPv6 networks only those in it are exceptions.
  isIPv4 = network: builtins.match "[0-9.]+/[0-9]+" network != null;
  isGlobalIPv6 = network: builtins.match "[23][0-9a-f]{3}:.*" network != null;
  internet = {
    to = [
      {
        ipBlock = {
          cidr = "0.0.0.0/0";
          except = builtins.filter isIPv4 settings.privateNetworks;
        };
      }
      {
        ipBlock = {
          cidr = "2000::/3";
          except = builtins.filter isGlobalIPv6 settings.privateNetworks;
        };
      }
    ];
    ports = [ { protocol = "TCP"; } ];
  };
in
{
  apiVersion = "v1";
  kind = "List";
  items = [
    namespace
  ]
  ++ server "api" {
    inherit (settings.api) port;
    config = ''
      redis_url = "redis://${nameOf "redis"}:${toString settings.redis.port}"
      ${common "api"}'';
    # Another Redis, where this Secret exists.
    env = [
      {
        name = "REDIS_URL";
        valueFrom.secretKeyRef = {
          name = nameOf "redis";
          key = "url";
          optional = true;
        };
      }
    ];
  }
  ++ server "web" {
    port = 80;
    config = ''
      api_endpoint = "http://${nameOf "api"}:${toString settings.api.port}/api/"
      ${common "web"}'';
  }
  ++ [
    (deployment "redis" {
      strategy.type = "Recreate"; # two would not share what they hold
      container =
        let
          probe = {
            exec.command = settings.redis.health;
            periodSeconds = health.interval;
            timeoutSeconds = health.timeout;
            failureThreshold = health.retries;
          };
        in
        {
          command = [ settings.redis.server ];
          args = settings.redis.arguments;
          ports = [
            {
              name = "redis";
              containerPort = settings.redis.port;
            }
          ];
          readinessProbe = probe;
          livenessProbe = probe;
        };
      pod = { };
    })
    (service "redis" settings.redis.port "redis")

    # Anybody reaches the page; the page and the pods of clients reach the API; the API reaches Redis and the public internet.
    (policy "web"
      [
        { ports = [ (tcp "http") ]; }
        monitoring
      ]
      [
        dns
        {
          to = [ (pods "api") ];
          ports = [ (tcp settings.api.port) ];
        }
      ]
    )
    (policy "api"
      [
        {
          from = [
            (pods "web")
            {
              namespaceSelector = { };
              podSelector.matchLabels.${kubernetes.clientLabel} = "true";
            }
          ];
          ports = [ (tcp "http") ];
        }
        monitoring
      ]
      [
        dns
        internet
        {
          to = [ (pods "redis") ];
          ports = [ (tcp settings.redis.port) ];
        }
      ]
    )
    (policy "redis"
      [
        {
          from = [ (pods "api") ];
          ports = [ (tcp "redis") ];
        }
      ]
      [ ]
    )
  ];
}
