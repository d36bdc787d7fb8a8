"""The checks of tests/stack/run, on a Docker that runs.

Usage: check.py [STEP]...     a step is the name of a function; all of them by default
"""

import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "nix/docker"))
from debian import python_image, redis_image  # noqa: E402
from images import DESCRIPTIONS, Image, write_archive  # noqa: E402
from waiting import until  # noqa: E402

PROJECT = "linkextractor-test"
WEB_PORT, API_PORT = 18080, 15000
WEB, API = f"http://127.0.0.1:{WEB_PORT}", f"http://127.0.0.1:{API_PORT}"
PYTHON = "linkextractor-test-python:1"
OTHER_NETWORK = f"{PROJECT}-other"
OURS = ["web", "api", "redis"]
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
GRACE = 30  # seconds, stop_grace_period of the compose file
# The ports that Redis, the servers and their admin listeners have in the containers.
PORTS = [6379, 5000, 5001, 8080, 8081]

ENVIRONMENT = {
    **os.environ,
    "COMPOSE_PROJECT_NAME": PROJECT,
    "WEB_PORT": str(WEB_PORT),
    "API_PORT": str(API_PORT),
    # Containers have private addresses, which the API refuses.
    "LINKEXTRACTOR_API_FETCH__ALLOW": '["pages"]',
}

HAS_PLUGIN = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
COMPOSE = ["docker", "compose"] if HAS_PLUGIN else ["docker-compose"]

# The page server. The API depends on it, so that it outlives the requests that the API finishes.
PAGES = {
    "services": {
        "pages": {"image": PYTHON, "command": ["/test/pages.py"], "networks": ["front"]},
        "api": {"depends_on": {"pages": {"condition": "service_started"}}},
    }
}

# The override of the rolling restart, which `!reset` makes YAML.
REPLICAS = """
services:
  api:
    ports: !reset []
    deploy:
      replicas: 2
"""


# Images


def load(*images: Image) -> None:
    with tempfile.TemporaryFile() as archive:
        write_archive(list(images), archive)
        archive.seek(0)
        subprocess.run(["docker", "load", "--quiet"], stdin=archive, check=True, stdout=subprocess.DEVNULL)


# Docker


def run(*command: str, check: bool = True, errors: bool = False) -> str:
    """Its standard output, with `errors` its standard error too."""
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + (done.stderr if errors else "")


def docker(*arguments: str, check: bool = True, errors: bool = False) -> str:
    return run("docker", *arguments, check=check, errors=errors).strip()


def up(*overrides: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """nix/docker/up with the page server and `overrides`, each the text of a compose file."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for number, text in enumerate([json.dumps(PAGES), *overrides]):
            file = Path(folder) / f"{number}.yaml"
            file.write_text(text)
            arguments += ["--file", str(file)]
        return start(*arguments, check=check)


def start(*arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "nix/docker/up"), *arguments]
    done = subprocess.run(command, env=ENVIRONMENT | variables, capture_output=True, text=True)
    if check:
        assert done.returncode == 0, f"nix/docker/up {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done


def containers(service: str, *, every: bool = False) -> list[str]:
    filters = [f"label=com.docker.compose.project={PROJECT}", f"label=com.docker.compose.service={service}"]
    arguments = [argument for value in filters for argument in ("--filter", value)]
    return docker("ps", "--quiet", *(["--all"] if every else []), *arguments).split()


def container(service: str) -> str:
    (only,) = containers(service, every=True)
    return only


def inspect(container_id: str) -> Any:
    return json.loads(docker("inspect", container_id))[0]


def health(container_id: str) -> str:
    return str(inspect(container_id)["State"].get("Health", {}).get("Status", ""))


def send_signal(signal: str, container_id: str) -> None:
    """From the host. After `docker kill`, whatever the signal, Docker does not restart the container."""
    run(*AS_ROOT, "kill", f"-{signal}", str(inspect(container_id)["State"]["Pid"]))


def python(network: str, script: str, *arguments: str) -> str:
    """What `script` prints in a new container on `network`."""
    return docker("run", "--rm", "--network", network, PYTHON, "-c", script, *arguments)


def published_ports() -> set[str]:
    """The sockets that Docker listens on for containers."""
    return {line.split()[3] for line in run(*AS_ROOT, "ss", "-Hltnp").splitlines() if "docker-proxy" in line}


PROBE = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def probe(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        return target
    except OSError:
        return ""

with ThreadPoolExecutor(32) as pool:
    print(*pool.map(probe, sys.argv[1:]))
"""


def reachable(network: str, targets: list[str]) -> set[str]:
    """Those of `targets`, `host:port`, that a container on `network` can connect to."""
    return set(python(network, PROBE, *targets).split())


# Ports of the host that containers have published before the test.
LISTENING_BEFORE: set[str] = set()


# Requests


def ask(url: str) -> tuple[int, str, Message]:
    """Status, body and header fields."""
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def ask_web(page: str) -> tuple[int, str]:
    status, body, _ = ask(f"{WEB}/?{urllib.parse.urlencode({'url': page})}")
    return status, body


NUMBERS = itertools.count()


def fresh() -> str:
    """The URL of a page that was not asked for before."""
    return f"http://pages/{next(NUMBERS)}"


def until_healthy(container_id: str) -> None:
    until("the container is healthy", lambda: health(container_id) == "healthy")


def shows_links(body: str) -> bool:
    return "About us" in body and "https://example.org/" in body


@contextmanager
def load_on_web(clients: int = 4) -> Iterator[list[str]]:
    """Requests through the web page until the block ends, each for a new page; gives the failures so far."""
    failures: list[str] = []
    answered = [0]
    stop = threading.Event()

    def client() -> None:
        while not stop.is_set():
            try:
                status, body = ask_web(fresh())
                if status != 200 or not shows_links(body):
                    failures.append(f"status {status}: {' '.join(re.sub('<[^>]*>', ' ', body).split())[:300]}")
            except (OSError, HTTPException) as error:
                failures.append(f"no answer: {error}")
            answered[0] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        until("requests are answered", lambda: answered[0] > 20)
        yield failures
        before = answered[0]
        until("requests are answered at the end", lambda: answered[0] > before + 20)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    print(f"   {answered[0]} requests, {len(failures)} failed")


# Steps, in this order


def unknown_arguments_are_refused() -> None:
    for arguments, word in [(["--nonsense"], "nonsense"), (["--file", "/does/not/exist"], "/does/not/exist")]:
        done = start(*arguments, check=False)
        assert done.returncode != 0 and word in done.stderr, done


def a_service_that_cannot_start_is_pointed_out() -> None:
    done = start(check=False, LINKEXTRACTOR_WEB_NO_SUCH_KEY="1")
    assert done.returncode != 0 and "just logs" in done.stderr, done
    assert "no_such_key" in docker("logs", container("web"), errors=True), "the variable is passed on"


def the_stack_comes_up_healthy() -> None:
    done = up()
    assert done.stdout.splitlines()[-1] == WEB, done
    for service in OURS:
        assert health(container(service)) == "healthy", service


def a_page_goes_through_web_api_and_redis() -> None:
    page = fresh()
    status, body = ask_web(page)
    assert status == 200 and shows_links(body), body
    keys = docker("exec", container("redis"), "redis-cli", "--scan")
    assert page in keys, keys
    page = fresh()
    status, body, headers = ask(f"{API}/api/{page}")
    assert json.loads(body) == [
        {"text": "About us", "href": "http://pages/about"},
        {"text": "[IMG]", "href": "https://example.org/"},
    ], body
    assert "fwd=miss" in headers["Cache-Status"], headers
    _, again, headers = ask(f"{API}/api/{page}")
    assert again == body and "; hit" in headers["Cache-Status"], headers
    assert sum(line.endswith(page) for line in log_lines()) == 2, log_lines()


def log_lines() -> list[str]:
    script = "print(open('/log/extraction.log').read(), end='')"
    volume = f"{PROJECT}_extractions:/log:ro"
    lines = docker("run", "--rm", "--volume", volume, PYTHON, "-c", script).splitlines()
    assert all(re.fullmatch(r"\d+\t(HIT|MISS)\t\S+", line) for line in lines), lines
    return lines


def what_was_not_allowed_is_refused() -> None:
    for host in ["redis:6379", "127.0.0.1:5001", "169.254.169.254", "web:8080"]:
        status, body, _ = ask(f"{API}/api/http://{host}/")
        assert status == 403 and json.loads(body)["code"] == "blocked-destination", (host, status, body)


def processes_have_no_privileges() -> None:
    for service in OURS:
        pid = inspect(container(service))["State"]["Pid"]
        # From the kernel: Docker describes the configuration, which need not be in force.
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65532"}, (service, status)
        for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]:
            assert int(status[capabilities], 16) == 0, (service, capabilities, status)
        assert status["NoNewPrivs"] == "1", (service, status)
        mounts = [line.split() for line in run(*AS_ROOT, "cat", f"/proc/{pid}/mountinfo").splitlines()]
        (root,) = [options for _, _, _, _, mount_point, options, *_ in mounts if mount_point == "/"]
        assert "ro" in root.split(","), (service, root)


def only_published_ports_listen_on_the_host() -> None:
    expected = {f"127.0.0.1:{WEB_PORT}", f"127.0.0.1:{API_PORT}"}
    assert published_ports() - LISTENING_BEFORE <= expected, published_ports() - LISTENING_BEFORE
    bound = set()
    for service in [*OURS, "pages"]:
        for bindings in inspect(container(service))["NetworkSettings"]["Ports"].values():
            bound |= {f"{binding['HostIp']}:{binding['HostPort']}" for binding in bindings or []}
    assert bound == expected, bound
    # A container that asks the host, at the address of its gateway.
    gateway = json.loads(docker("network", "inspect", OTHER_NETWORK))[0]["IPAM"]["Config"][0]["Gateway"]
    targets = [f"{gateway}:{port}" for port in [*PORTS, WEB_PORT, API_PORT]]
    found = reachable(OTHER_NETWORK, targets)
    assert found == set(), found


def networks_are_separate() -> None:
    addresses = {service: inspect(container(service))["NetworkSettings"]["Networks"] for service in OURS}

    def target(service: str, network: str, port: int) -> str:
        return f"{addresses[service][f'{PROJECT}_{network}']['IPAddress']}:{port}"

    hosts = [network["IPAddress"] for networks in addresses.values() for network in networks.values()]
    everything = [f"{host}:{port}" for host in hosts for port in PORTS]
    found = reachable(OTHER_NETWORK, everything)
    assert found == set(), found
    # The web page's network has both servers, but neither Redis nor an admin listener.
    expected = {target("web", "front", 8080), target("api", "front", 5000)}
    found = reachable(f"{PROJECT}_front", everything)
    assert found == expected, found
    # The probe reaches Redis where that is allowed.
    expected = {target("api", "back", 5000), target("redis", "back", 6379)}
    found = reachable(f"{PROJECT}_back", everything)
    assert found == expected, found


def an_api_that_hangs_becomes_unhealthy() -> None:
    api = container("api")
    send_signal("STOP", api)
    try:
        until("the API is unhealthy", lambda: health(api) == "unhealthy")
    finally:
        send_signal("CONT", api)
    until_healthy(api)
    status, body = ask_web(fresh())
    assert status == 200 and shows_links(body), body


def without_redis_pages_are_fetched_and_kept_all_the_same() -> None:
    redis = container("redis")

    def kill() -> None:
        docker("kill", redis)

    def start_again() -> None:
        docker("start", redis)

    def freeze() -> None:
        send_signal("STOP", redis)

    def thaw() -> None:
        send_signal("CONT", redis)

    for stop_redis, start_redis in [(kill, start_again), (freeze, thaw)]:
        stop_redis()
        try:
            for _ in range(20):
                started = time.monotonic()
                status, body, _ = ask(f"{API}/api/{fresh()}")
                assert status == 200 and len(json.loads(body)) == 2, body
                assert time.monotonic() - started < 2, "an answer takes long without Redis"
        finally:
            start_redis()
        until("Redis is used again", redis_is_used, seconds=30)


def redis_is_used() -> bool:
    page = fresh()
    ask(f"{API}/api/{page}")
    return page in docker("exec", container("redis"), "redis-cli", "--scan", check=False)


def a_killed_redis_and_a_killed_api_are_started_again() -> None:
    send_signal("KILL", container("redis"))
    until("Redis is used again", redis_is_used, seconds=30)
    api = container("api")
    with load_on_web() as failures:
        send_signal("KILL", api)
        until("the API is restarted", lambda: inspect(api)["RestartCount"] > 0)
        until_healthy(api)
        until("pages are shown again", lambda: shows_links(ask_web(fresh())[1]))
        unanswered = [failure for failure in failures if failure.startswith("no answer")]
        assert not unanswered, unanswered[:5]
        failed = len(failures)
    assert len(failures) == failed, failures[failed:][:5]


def another_api_takes_its_place_and_ours_comes_back() -> None:
    example = re.search(r"```yaml\n(services:\n  api:\n    image: .*?)```", (ROOT / "docs/docker.md").read_text(), re.S)
    assert example, "docs/docker.md has no example of another API"
    page = fresh()
    up(example[1].replace("my-api:1", PYTHON).replace("/app/main.py", "/test/minimal.py"))
    assert inspect(container("api"))["Config"]["Image"] == PYTHON
    assert health(container("api")) == "healthy"
    status, body = ask_web(page)
    assert status == 200 and shows_links(body), body
    up()
    assert inspect(container("api"))["Config"]["Image"] != PYTHON
    status, body, headers = ask(f"{API}/api/{page}")
    assert status == 200 and "fwd=miss" in headers["Cache-Status"], headers


def a_rolling_restart_of_two_replicas_loses_no_request() -> None:
    up(REPLICAS)
    replicas = containers("api")
    assert len(replicas) == 2, replicas
    with load_on_web() as failures:
        for replica in [*replicas, *replicas]:
            docker("stop", "--time", str(GRACE), replica)
            assert inspect(replica)["State"]["ExitCode"] == 0
            docker("start", replica)
            until_healthy(replica)
    assert not failures, failures[:5]


def the_stack_goes_down_in_time_and_finishes_requests() -> None:
    result: list[tuple[int, str]] = []
    request = threading.Thread(target=lambda: result.append(ask_web("http://pages/slow")))
    events = subprocess.Popen(
        ["docker", "events", "--filter", "event=die", "--format", "{{json .Actor.Attributes}}"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        request.start()
        until("the slow page is being fetched", lambda: "GET /slow" in docker("logs", container("pages")))
        started = time.monotonic()
        run(*COMPOSE, "--project-name", PROJECT, "down")
        assert time.monotonic() - started < GRACE, "down takes longer than the grace period"
    finally:
        request.join()
        events.terminate()
    assert result and result[0][0] == 200 and shows_links(result[0][1]), result
    assert events.stdout
    ended = [json.loads(line) for line in events.stdout]
    codes = [(event["com.docker.compose.service"], event["exitCode"]) for event in ended]
    assert sorted(codes) == [("api", "0"), ("api", "0"), ("pages", "0"), ("redis", "0"), ("web", "0")], codes
    assert log_lines(), "the extraction log stays"


STEPS = [
    unknown_arguments_are_refused,
    a_service_that_cannot_start_is_pointed_out,
    the_stack_comes_up_healthy,
    a_page_goes_through_web_api_and_redis,
    what_was_not_allowed_is_refused,
    processes_have_no_privileges,
    only_published_ports_listen_on_the_host,
    networks_are_separate,
    an_api_that_hangs_becomes_unhealthy,
    without_redis_pages_are_fetched_and_kept_all_the_same,
    a_killed_redis_and_a_killed_api_are_started_again,
    another_api_takes_its_place_and_ours_comes_back,
    a_rolling_restart_of_two_replicas_loses_no_request,
    the_stack_goes_down_in_time_and_finishes_requests,
]


def clean_up(images: list[str]) -> None:
    for service in [*OURS, "pages"]:
        for container_id in containers(service, every=True):
            docker("rm", "--force", container_id, check=False)
    for network in ["front", "back"]:
        docker("network", "rm", f"{PROJECT}_{network}", check=False)
    docker("network", "rm", OTHER_NETWORK, check=False)
    docker("volume", "rm", f"{PROJECT}_extractions", check=False)
    docker("image", "rm", *images, check=False)


def main() -> None:
    unknown = set(sys.argv[1:]) - {step.__name__ for step in STEPS}
    if unknown:
        sys.exit(f"tests/stack: no step {', '.join(sorted(unknown))}")
    described = json.loads(DESCRIPTIONS.read_text())
    images = [PYTHON, *(described[name]["name"] for name in ["api", "web"])]
    load(python_image(PYTHON, ["tests/stack/pages.py", "tests/conformance.d/minimal.py"]))
    redis = described["redis"]["name"]
    if not docker("images", "--quiet", redis):
        load(redis_image(redis))
        images.append(redis)
    clean_up([])
    docker("network", "create", OTHER_NETWORK)
    LISTENING_BEFORE.update(published_ports())
    try:
        for step in [step for step in STEPS if step.__name__ in sys.argv[1:] or len(sys.argv) == 1]:
            started = time.monotonic()
            print(f"-- {step.__name__.replace('_', ' ')}", flush=True)
            try:
                step()
            except Exception:
                subprocess.run(["docker", "ps", "--all"], stdout=sys.stderr)
                for service in OURS:
                    for container_id in containers(service, every=True):
                        print(f"\nThe end of the log of {service}, {container_id}:", file=sys.stderr, flush=True)
                        subprocess.run(["docker", "logs", "--tail", "20", container_id], stdout=sys.stderr)
                raise
            print(f"   {time.monotonic() - started:.0f} s", flush=True)
    finally:
        clean_up(images)


if __name__ == "__main__":
    main()
