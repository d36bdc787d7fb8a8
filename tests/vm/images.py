# The script of images.nix: `docker` and `pages` are its machines.
import json

COMPOSE = "docker compose --file /etc/compose.yaml --file /tmp/test.json"
API = "http://127.0.0.1:5000/api"
WEB = "http://127.0.0.1:8080"


def inspect(service: str, what: str) -> str:
    container = docker.succeed(f"{COMPOSE} ps --quiet {service}").strip()
    return docker.succeed(f"docker inspect --format '{what}' {container}").strip()


start_all()
pages.wait_for_open_port(80)
docker.wait_for_unit("docker.service")
address = docker.succeed("getent ahostsv4 pages | cut -d ' ' -f 1 | head -n 1").strip()
page = f"http://{address}/"

with subtest("the images are loaded"):
    for image in ["cli", "api", "web", "redis"]:
        docker.succeed(f"docker load < /etc/images/{image}")

with subtest("the command line prints a page's links"):
    image = docker.succeed("docker images --format '{{.Repository}}:{{.Tag}}' linkextractor").strip()
    links = docker.succeed(f"docker run --rm --network host {image} {page}")
    assert links == f"[About us]({page}about)\n[[IMG]](https://example.org/)\n", links

with subtest("the stack comes up healthy"):
    # A test network has private addresses only, which the API refuses.
    allow = {"LINKEXTRACTOR_API_FETCH__ALLOW": json.dumps([f"{address}/32"])}
    override = json.dumps({"services": {"api": {"environment": allow}}})
    docker.succeed(f"cat > /tmp/test.json <<'END'\n{override}\nEND")
    docker.succeed(f"{COMPOSE} up --wait --wait-timeout 120")
    for service in ["web", "api", "redis"]:
        assert inspect(service, "{{.State.Health.Status}}") == "healthy"

with subtest("a page's links, fetched once and then from the cache"):
    first = docker.succeed(f"curl --silent --fail --include {API}/{page}")
    assert "linkextractor; fwd=miss" in first, first
    docker.wait_until_succeeds(f"curl --silent --include {API}/{page} | grep --quiet 'linkextractor; hit'", timeout=30)

with subtest("the web page shows them"):
    shown = docker.succeed(f"curl --silent --fail --get --data-urlencode url={page} {WEB}/")
    for text in ["About us", f"{page}about", "https://example.org/"]:
        assert text in shown, shown

with subtest("each extraction is a line in the volume"):
    folder = docker.succeed("docker volume inspect --format '{{.Mountpoint}}' linkextractor_extractions").strip()
    lines = docker.succeed(f"cut -f 2 {folder}/extraction.log").split()
    assert lines[0] == "MISS", lines
    assert lines[-1] == "HIT", lines

with subtest("an address that is not allowed is refused"):
    for host in ["127.0.0.1:5001", "redis:6379", "169.254.169.254"]:
        code = docker.succeed(f"curl --silent --output /dev/null --write-out '%{{http_code}}' {API}/http://{host}/")
        assert code == "403", f"{host}: {code}"

with subtest("containers are read-only, without an account and without capabilities"):
    for service in ["web", "api", "redis"]:
        assert inspect(service, "{{.HostConfig.ReadonlyRootfs}}") == "true"
        pid = inspect(service, "{{.State.Pid}}")
        status = dict(
            line.split(":\t", 1) for line in docker.succeed(f"cat /proc/{pid}/status").splitlines() if ":\t" in line
        )
        assert set(status["Uid"].split()) == {"65532"}, status
        assert int(status["CapBnd"], 16) == 0, status
        assert status["NoNewPrivs"] == "1", status

with subtest("Redis cannot be reached from outside"):
    assert inspect("redis", "{{json .NetworkSettings.Ports}}") in ["{}", '{"6379/tcp":null}', '{"6379/tcp":[]}']

with subtest("the stack goes down in time, and its log stays"):
    docker.succeed(f"{COMPOSE} down --timeout 30")
    docker.succeed(f"test -s {folder}/extraction.log")
