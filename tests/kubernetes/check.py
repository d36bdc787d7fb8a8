"""The checks of tests/kubernetes/run, with a podman of its own.

Usage: check.py [CHECK]...     a check is the name of a function; all of them by default
"""

import base64
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "nix/docker"), str(ROOT / "tests/stack")]
from debian import python_image, redis_image  # noqa: E402
from images import ours, write_archive  # noqa: E402
from waiting import until  # noqa: E402

MANIFESTS = ROOT / "ops/kubernetes.json"
GUIDE = ROOT / "docs/kubernetes.md"
VERSIONS = ["1.25", "1.37"]  # the oldest that docs/kubernetes.md names, and the newest whose schemas there are
GUARD = ROOT / "services/fetch/src/guard/networks.txt"
MONITORING = "monitoring.coreos.com/"
NETWORK, SUBNET = "test", "10.89.77.0/24"
PAGES_IMAGE = "localhost/pages:1"
PASSWORD = "correct-horse"

# Podman has no Services: each host has the address of one pod.
ADDRESSES = {
    "linkextractor-redis": "10.89.77.2",
    "linkextractor-api": "10.89.77.3",
    "linkextractor-web": "10.89.77.4",
    "pages": "10.89.77.5",
    "managed-redis": "10.89.77.6",
}
ITEMS: list[Any] = json.loads(MANIFESTS.read_text())["items"]


# Manifests


def kinds(kind: str) -> dict[str, Any]:
    """By name."""
    return {item["metadata"]["name"]: item for item in ITEMS if item["kind"] == kind}


def pod_spec(name: str) -> Any:
    return kinds("Deployment")[name]["spec"]["template"]["spec"]


def container_spec(name: str) -> Any:
    (only,) = pod_spec(name)["containers"]
    return only


def settings(name: str) -> dict[str, Any]:
    (text,) = kinds("ConfigMap")[name]["data"].values()
    return tomllib.loads(text)


def documents(items: Iterable[Any]) -> str:
    return "".join(f"---\n{json.dumps(item)}\n" for item in items)


# Podman


def run(*command: str, given: str | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def podman(*arguments: str) -> str:
    return run("podman", *arguments)


def play(host: str, items: Iterable[Any]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(documents(items))
        file.flush()
        podman("kube", "play", "--replace", "--network", NETWORK, "--ip", ADDRESSES[host], file.name)


def start(name: str) -> None:
    """Starts a Deployment with its ConfigMap."""
    deployment = json.loads(json.dumps(kinds("Deployment")[name]))
    deployment["spec"]["template"]["spec"]["hostAliases"] = [
        {"ip": address, "hostnames": [host]} for host, address in ADDRESSES.items()
    ]
    config = json.loads(json.dumps(kinds("ConfigMap").get(name, {})))
    if name == "linkextractor-api":
        # The pages have a private address, which the API refuses.
        (file,) = config["data"]
        config["data"][file] += '\n[fetch]\nallow = ["pages"]\n'
    play(name, [*([config] if config else []), deployment])


def container(name: str, part: str | None = None) -> str:
    """The name that podman gave to the container of a Deployment; with or without a number, by its version."""
    wanted = re.compile(rf"{name}-pod(-0)?-{part or container_spec(name)['name']}")
    return next(filter(wanted.fullmatch, podman("ps", "--all", "--format", "{{.Names}}").split()), name)


def inspect(name: str, what: str) -> str:
    return podman("inspect", "--format", what, container(name))


def logs(name: str) -> str:
    command = ["podman", "logs", container(name)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def probe(name: str, which: str) -> tuple[int, str]:
    """Exit status and output of a probe's command, run in the container as the kubelet does."""
    command = container_spec(name)[which]["exec"]["command"]
    done = subprocess.run(["podman", "exec", container(name), *command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


# Requests


def ask(host: str, port: int, target: str, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, body and `Cache-Status`."""
    request = urllib.request.Request(f"http://{ADDRESSES[host]}:{port}{target}", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode(), response.headers.get("Cache-Status", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Cache-Status", "")


def links(page: str) -> tuple[int, str, str]:
    return ask("linkextractor-api", 5000, f"/api/http://pages/{page}")


def until_ready(name: str) -> None:
    until(f"{name} is ready", lambda: probe(name, "readinessProbe")[0] == 0)


# Checks, in this order


def manifests_fit_the_schemas_of_two_versions() -> None:
    blocks = re.findall(r"```yaml\n(apiVersion.*?)```", GUIDE.read_text(), re.DOTALL)
    documented = [text for text in blocks if MONITORING not in text]  # these schemas know Kubernetes' own kinds only
    assert documented
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("".join([documents(ITEMS), *(f"---\n{text}" for text in documented)]))
        file.flush()
        for version in VERSIONS:
            run("kubernetes-validate", "--strict", "--quiet", "-k", version, file.name)


def manifests_refer_to_what_is_there() -> None:
    deployments = kinds("Deployment")
    for name, deployment in deployments.items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        ports = {port["name"] for port in container_spec(name)["ports"]}
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        service = kinds("Service")[name]["spec"]
        assert service["selector"].items() <= labels.items(), name
        assert {port["targetPort"] for port in service["ports"]} <= ports, name
        policy = kinds("NetworkPolicy")[name]["spec"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items(), name
        assert policy["policyTypes"] == ["Ingress", "Egress"], name
        named = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
        assert named <= ports, f"{name}: {named}"
        for volume in pod_spec(name).get("volumes", []):
            assert volume["configMap"]["name"] in kinds("ConfigMap"), volume
    for name in ["linkextractor-api", "linkextractor-web"]:
        scaler = kinds("HorizontalPodAutoscaler")[name]["spec"]
        assert scaler["scaleTargetRef"]["name"] in deployments and "replicas" not in deployments[name]["spec"]
        assert scaler["minReplicas"] >= 2, "one pod can be moved while another one serves"
        budget = kinds("PodDisruptionBudget")[name]["spec"]
        assert budget["selector"] == deployments[name]["spec"]["selector"], name
    # The addresses in the configuration are those of Services.
    for url in [settings("linkextractor-api")["redis_url"], settings("linkextractor-web")["api_endpoint"]]:
        address = urllib.parse.urlsplit(url)
        (port,) = kinds("Service")[str(address.hostname)]["spec"]["ports"]
        assert port["port"] == address.port, url


def the_documented_monitor_finds_both_services() -> None:
    (monitor,) = re.findall(rf"```yaml\n(apiVersion: {MONITORING}.*?)```", GUIDE.read_text(), re.DOTALL)
    labels = dict(re.findall(r"^      (\S+): (\S+)$", monitor, re.MULTILINE))
    (port,) = re.findall(r"- port: (\S+)$", monitor, re.MULTILINE)
    (job,) = re.findall(r"jobLabel: (\S+)$", monitor, re.MULTILINE)
    found = {
        deployment["spec"]["template"]["metadata"]["labels"][job]
        for name, deployment in kinds("Deployment").items()
        if labels.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
        and port in {given["name"] for given in container_spec(name)["ports"]}
    }
    assert found == {"linkextractor-api", "linkextractor-web"}, found


def pods_have_time_to_stop() -> None:
    for name in ["linkextractor-api", "linkextractor-web"]:
        limits = settings(name)["limits"]
        delay, grace = (int(limits[key].removesuffix("s")) for key in ["delay", "grace"])
        assert delay >= 5 and pod_spec(name)["terminationGracePeriodSeconds"] > delay + grace, limits
        assert container_spec(name).get("lifecycle") is None, "the image has no program for a hook"


def the_api_reaches_the_public_internet_and_nothing_private() -> None:
    blocks = [
        (ipaddress.ip_network(peer["ipBlock"]["cidr"]), [ipaddress.ip_network(n) for n in peer["ipBlock"]["except"]])
        for rule in kinds("NetworkPolicy")["linkextractor-api"]["spec"]["egress"]
        for peer in rule["to"]
        if "except" in peer.get("ipBlock", {})
    ]
    assert blocks
    for cidr, exceptions in blocks:
        assert all(network.version == cidr.version and network.subnet_of(cidr) for network in exceptions)  # type: ignore[arg-type]

    def reached(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in cidr and not any(address in n for n in exceptions) for cidr, exceptions in blocks)

    for line in GUARD.read_text().splitlines():
        if entry := re.match(r"([0-9a-f.:]+/\d+) ", line):
            network = ipaddress.ip_network(entry[1])
            assert not reached(network[0]) and not reached(network[-1]), network
    for public in ["1.1.1.1", "9.9.9.9", "172.15.255.255", "192.167.255.255", "2606:4700::1111", "2a00::1"]:
        assert reached(ipaddress.ip_address(public)), public


def deployments_come_up_and_pass_their_probes() -> None:
    for name in kinds("Deployment"):
        start(name)
    for name in kinds("Deployment"):
        until_ready(name)
        for which in ["startupProbe", "readinessProbe", "livenessProbe"]:
            if which in container_spec(name):
                status, output = probe(name, which)
                assert status == 0, f"{name}: {which}: {output}"


def a_page_goes_through_web_api_and_redis() -> None:
    query = urllib.parse.urlencode({"url": "http://pages/first"})
    status, body, _ = ask("linkextractor-web", 8080, f"/?{query}")
    assert status == 200 and "About us" in body and "https://example.org/" in body, body
    keys = podman("exec", container("linkextractor-redis"), "redis-cli", "--scan")
    assert "http://pages/first" in keys, keys
    status, body, cache = links("first")
    assert json.loads(body)[0] == {"text": "About us", "href": "http://pages/about"} and "; hit" in cache, (body, cache)
    status, body, _ = ask("linkextractor-api", 5000, f"/api/http://{ADDRESSES['linkextractor-web']}/")
    assert status == 403, body
    for host, port in [("linkextractor-api", 5001), ("linkextractor-web", 8081)]:
        assert "linkextractor_build_info" in ask(host, port, "/metrics")[1], host


def a_list_of_pages_is_worked_on_by_the_api() -> None:
    pages = [f"http://pages/list/{number}" for number in range(100)]
    api = f"http://{ADDRESSES['linkextractor-api']}:5000"
    command = [f"{os.environ['PROGRAMS']}/linkextractor", "--api", api, "--format", "ndjson", "--from", "-"]
    lines = run(*command, given="\n".join(pages)).splitlines()
    found = {line["page"]: line["count"] for line in map(json.loads, lines)}
    assert found == dict.fromkeys(pages, 2), found


def clients_behind_proxies_are_told_apart() -> None:
    query = urllib.parse.urlencode({"url": "http://pages/first"})
    ask("linkextractor-web", 8080, f"/?{query}", {"X-Forwarded-For": "203.0.113.7"})
    for name in ["linkextractor-web", "linkextractor-api"]:
        until(f"{name} logs the client", lambda name=name: '"client":"203.0.113.7"' in logs(name), 10)  # type: ignore[misc]


def processes_have_no_privilege() -> None:
    for name in kinds("Deployment"):
        pid = inspect(name, "{{.State.Pid}}")
        status = dict(re.findall(r"(\w+):\t(.*)", Path(f"/proc/{pid}/status").read_text()))
        assert set(status["Uid"].split()) == {"65532"} and set(status["Gid"].split()) == {"65532"}, status
        assert int(status["CapBnd"], 16) == 0 and int(status["CapEff"], 16) == 0, status
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        assert inspect(name, "{{.HostConfig.ReadonlyRootfs}}") == "true", name
        assert int(inspect(name, "{{.HostConfig.Memory}}")) > 0, name
        assert not Path(f"/proc/{pid}/root/var/run/secrets").exists(), name


def another_redis_is_used_where_a_secret_names_it() -> None:
    managed = json.loads(json.dumps(kinds("Deployment")["linkextractor-redis"]))
    managed["metadata"]["name"] = "managed-redis"
    (redis,) = managed["spec"]["template"]["spec"]["containers"]
    redis["args"] += ["--requirepass", PASSWORD]
    del redis["ports"]  # podman publishes them on the host, where the other Redis has this one
    play("managed-redis", [managed])
    # The data of a Secret is the secret of podman that has its name.
    url = base64.b64encode(f"redis://:{PASSWORD}@managed-redis:6379".encode()).decode()
    run("podman", "secret", "create", "linkextractor-redis", "-", given=json.dumps({"url": url}))
    start("linkextractor-api")
    until_ready("linkextractor-api")
    until("Redis is connected", lambda: '"redis":{"ready":true' in ask("linkextractor-api", 5001, "/ready")[1])
    assert links("second")[0] == 200
    client = ["redis-cli", "-a", PASSWORD, "--no-auth-warning", "--scan"]
    keys = podman("exec", container("managed-redis", "redis"), *client)
    assert "http://pages/second" in keys, keys


def a_pod_that_stops_answers_until_no_node_sends_to_it() -> None:
    for name, port, admin in [("linkextractor-api", 5000, 5001), ("linkextractor-web", 8080, 8081)]:
        grace = pod_spec(name)["terminationGracePeriodSeconds"]
        delay = int(settings(name)["limits"]["delay"].removesuffix("s"))
        stop = threading.Thread(target=podman, args=("stop", "--time", str(grace), container(name)))
        began = time.monotonic()
        stop.start()
        until("it is not ready", lambda host=name, port=admin: ask(host, port, "/ready")[0] == 503, delay)  # type: ignore[misc]
        until_the_end = began + delay - 1
        assert time.monotonic() < until_the_end
        while time.monotonic() < until_the_end:
            assert ask(name, port, "/")[0] == 200, name
        stop.join()
        assert delay <= time.monotonic() - began < grace, f"{name}: {time.monotonic() - began} s"
        assert inspect(name, "{{.State.ExitCode}}") == "0", name


CHECKS = [
    manifests_fit_the_schemas_of_two_versions,
    manifests_refer_to_what_is_there,
    the_documented_monitor_finds_both_services,
    pods_have_time_to_stop,
    the_api_reaches_the_public_internet_and_nothing_private,
    deployments_come_up_and_pass_their_probes,
    a_page_goes_through_web_api_and_redis,
    a_list_of_pages_is_worked_on_by_the_api,
    clients_behind_proxies_are_told_apart,
    processes_have_no_privilege,
    another_redis_is_used_where_a_secret_names_it,
    a_pod_that_stops_answers_until_no_node_sends_to_it,
]


def prepare() -> None:
    """Loads the images under the names of the manifests, and starts the page server."""
    images = [python_image(PAGES_IMAGE, ["tests/stack/pages.py"])]
    images.append(redis_image(container_spec("linkextractor-redis")["image"]))
    for name in ["api", "web"]:
        image = ours(name, Path(os.environ["PROGRAMS"]))
        image.name = container_spec(f"linkextractor-{name}")["image"]
        images.append(image)
    with tempfile.NamedTemporaryFile() as archive:
        write_archive(images, archive)  # type: ignore[arg-type]
        archive.flush()
        podman("load", "--quiet", "--input", archive.name)
    podman("network", "create", "--subnet", SUBNET, NETWORK)
    pages = {"name": "pages", "image": PAGES_IMAGE, "args": ["/test/pages.py"]}
    play(
        "pages",
        [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pages"}, "spec": {"containers": [pages]}}],
    )


def main() -> None:
    unknown = set(sys.argv[1:]) - {check.__name__ for check in CHECKS}
    if unknown:
        sys.exit(f"tests/kubernetes: no check {', '.join(sorted(unknown))}")
    prepare()
    for check in [check for check in CHECKS if check.__name__ in sys.argv[1:] or len(sys.argv) == 1]:
        started = time.monotonic()
        print(f"-- {check.__name__.replace('_', ' ')}", flush=True)
        try:
            check()
        except Exception:
            subprocess.run(["podman", "ps", "--all"], stdout=sys.stderr)
            for name in kinds("Deployment"):
                print(f"\nThe end of the log of {name}:", file=sys.stderr, flush=True)
                subprocess.run(["podman", "logs", "--tail", "12", container(name)], stdout=sys.stderr)
            raise
        print(f"   {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
