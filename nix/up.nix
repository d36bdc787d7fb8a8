# `nix run .#up`: loads the images, starts the stack and waits until it is healthy.
# WEB_PORT, WEB_ADDRESS and API_PORT say where; TEMPLATES names a folder of templates to edit live.
{
  pkgs,
  images,
  compose,
}:
pkgs.writeShellApplication {
  name = "up";
  runtimeInputs = [ pkgs.docker-client ];
  text = ''
    for image in ${images.image-api.stream} ${images.image-web.stream} ${images.image-redis.stream}; do
      "$image" | docker load --quiet
    done
    stack=(docker compose --file ${compose})
    if [ -n "''${TEMPLATES:-}" ]; then
      TEMPLATES=$(realpath "$TEMPLATES") && export TEMPLATES
      stack+=(--file ${./templates.yaml})
    fi
    "''${stack[@]}" up --wait --remove-orphans
    echo "http://$("''${stack[@]}" port web ${toString (import ./settings.nix).web.port})"
  '';
  meta.description = "Start the stack in Docker";
}
