"""The checks of tests/units/run, in a machine whose first process is systemd: a line for each, and last the verdict.

A page server, and the two services by their units with a Redis that wants a password, are on this machine.
"""

import http.client
import json
import os
import pwd
import signal
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from waiting import until

API, WEB = "linkextractor-api", "linkextractor-web"
PORTS = {API: 5000, WEB: 8080}
ADMIN_PORTS = {API: 5001, WEB: 8081}
PAGES = "127.0.0.2"  # allowed in the API's settings
PRIVATE = "10.1.0.1"  # an address of this machine, allowed too
PASSWORD = "correct-horse"
LOG = Path("/var/log/linkextractor/extraction.log")
DYNAMIC_USERS = 61184, 65519  # the users that systemd makes for DynamicUser
PAGE = b'<!doctype html><title>Pages</title><a href="/about">About us</a>'


class Pages(BaseHTTPRequestHandler):
    """Every path is a page with a link; /slow takes three seconds."""

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            time.sleep(3)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


# systemd


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def systemctl(*arguments: str) -> str:
    return run("systemctl", *arguments)


def shown(unit: str, name: str) -> str:
    return systemctl("show", "--property", name, "--value", unit)


def process(service: str) -> int:
    return int(shown(service, "MainPID"))


def status(service: str) -> dict[str, str]:
    lines = Path(f"/proc/{process(service)}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def active(service: str) -> bool:
    return shown(service, "ActiveState") == "active"


def kill_both(number: signal.Signals) -> dict[str, int]:
    """Sends a signal to the process of each service; gives their ids."""
    until("both services have a process", lambda: all(process(service) != 0 for service in PORTS))
    processes = {service: process(service) for service in PORTS}
    for pid in processes.values():
        os.kill(pid, number)
    return processes


def until_restarted(before: dict[str, int]) -> None:
    def restarted() -> bool:
        return all(active(service) and process(service) != pid for service, pid in before.items())

    until("both services have a new process", restarted, 90)


# Requests


def ask(port: int, target: str, seconds: float = 60) -> tuple[int, str, str]:
    """Status, body and `Cache-Status` of a request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers.get("Cache-Status", "")
    finally:
        connection.close()


def links(page: str, host: str = PAGES) -> tuple[int, str, str]:
    return ask(PORTS[API], f"/api/http://{host}/{page}")


def answers(service: str) -> bool:
    return ask(PORTS[service], "/")[0] == 200


def parts_ready() -> dict[str, dict[str, object]]:
    parts: dict[str, dict[str, object]] = json.loads(ask(ADMIN_PORTS[API], "/ready")[1])["parts"]
    return parts


@contextmanager
def load(service: str) -> Iterator[None]:
    """Requests on new connections until the block ends; none of them may fail."""
    failures: list[str] = []
    answered = [0]
    stop = threading.Event()

    def client() -> None:
        while not stop.is_set():
            try:
                code, body, _ = ask(PORTS[service], "/")
                if code != 200:
                    failures.append(f"status {code}: {body}")
            except OSError as error:
                failures.append(repr(error))
            except http.client.HTTPException as error:
                failures.append(repr(error))
            answered[0] += 1

    threads = [threading.Thread(target=client) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        until("requests are answered", lambda: answered[0] > 10)
        yield
        before = answered[0]
        until("requests are answered at the end", lambda: answered[0] > before + 10)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, f"{len(failures)} of {answered[0]} failed: {failures[0]}"


# Checks, in this order


def each_service_is_active_once_it_has_said_that_it_is_ready() -> None:
    until("both are active", lambda: all(active(service) for service in PORTS))
    for service in PORTS:
        assert shown(service, "Type") == "notify"
        started, ready = (
            int(shown(service, name)) for name in ["ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic"]
        )
        assert ready > started
        code, body, _ = ask(ADMIN_PORTS[service], "/ready")
        assert code == 200, body
        run(f"/usr/local/bin/{service}", "healthcheck", "--config", f"/etc/linkextractor/{service}.toml")
    until("Redis is connected", lambda: parts_ready()["redis"]["ready"] is True)


def a_page_goes_through_web_api_and_redis() -> None:
    query = urllib.parse.urlencode({"url": f"http://{PAGES}/first"})
    code, body, _ = ask(PORTS[WEB], f"/?{query}")
    assert code == 200 and "About us" in body, body
    keys = run("redis-cli", "-a", PASSWORD, "--no-auth-warning", "--scan")
    assert f"http://{PAGES}/first" in keys, keys
    code, body, cache = links("first")
    assert json.loads(body) == [{"text": "About us", "href": f"http://{PAGES}/about"}], body
    assert "; hit" in cache, cache


def the_password_of_redis_is_in_a_credential_alone() -> None:
    credential = Path(f"/run/credentials/{API}.service/redis-url")
    assert PASSWORD in credential.read_text()
    assert credential.stat().st_mode & 0o077 == 0, oct(credential.stat().st_mode)
    environment = Path(f"/proc/{process(API)}/environ").read_text()
    assert "REDIS_URL_FILE=" in environment, environment
    for where, text in {
        "environment": environment,
        "command line": Path(f"/proc/{process(API)}/cmdline").read_text(),
        "unit": systemctl("cat", API),
        "properties": systemctl("show", API),
        "log": run("journalctl", "--unit", API, "--output", "cat"),
    }.items():
        assert PASSWORD not in text, f"{where}: {text}"


def each_extraction_is_a_line_in_the_log_folder() -> None:
    until("the log has a line", lambda: LOG.exists() and LOG.read_text() != "")
    assert LOG.read_text().split("\n")[0].split("\t")[1:] == ["MISS", f"http://{PAGES}/first"], LOG.read_text()
    assert LOG.stat().st_mode & 0o077 == 0, oct(LOG.stat().st_mode)
    assert LOG.stat().st_uid == int(status(API)["Uid"].split()[0])


def processes_have_a_user_of_their_own_and_no_privilege() -> None:
    accounts = {account.pw_uid for account in pwd.getpwall()}
    users = set()
    for service in PORTS:
        state = status(service)
        user = int(state["Uid"].split()[0])
        users.add(user)
        assert DYNAMIC_USERS[0] <= user <= DYNAMIC_USERS[1] and user not in accounts, state
        assert int(state["CapBnd"], 16) == 0 and int(state["CapEff"], 16) == 0, state
        assert state["NoNewPrivs"] == "1" and state["Seccomp"] == "2", state
        for folder in ["etc", "var/lib", "usr/local/bin"]:
            file = Path(f"/proc/{process(service)}/root/{folder}/written")
            try:
                file.write_text("")
            except OSError as error:
                assert "Read-only" in str(error), error
            else:
                raise AssertionError(f"{file} could be written")
    assert len(users) == 2, users


def a_restart_under_load_refuses_no_connection() -> None:
    for service in PORTS:
        before = process(service)
        with load(service):
            systemctl("restart", service)
        assert process(service) != before


def a_stopped_service_is_started_by_a_connection() -> None:
    for service in PORTS:
        systemctl("stop", service)
        assert not active(service)
        assert answers(service)
        assert active(service)


def a_request_in_flight_is_answered_before_the_service_stops() -> None:
    result: list[int] = []
    thread = threading.Thread(target=lambda: result.append(links("slow")[0]))
    thread.start()
    until("the page is being fetched", lambda: "linkextractor_fetch_jobs 1" in ask(ADMIN_PORTS[API], "/metrics")[1])
    systemctl("stop", API)
    thread.join()
    assert result == [200], result
    assert shown(API, "Result") == "success"
    systemctl("start", API)


def a_killed_service_is_started_again_each_time() -> None:
    # More often than systemd's own limit of starts allows.
    for _ in range(6):
        before = kill_both(signal.SIGKILL)
        until_restarted(before)
    for service in PORTS:
        assert int(shown(service, "NRestarts")) >= 6
        assert answers(service)


def a_service_that_hangs_is_restarted_by_the_watchdog() -> None:
    before = kill_both(signal.SIGSTOP)
    until_restarted(before)
    for service in PORTS:
        assert answers(service)
        log = run("journalctl", "--unit", service, "--output", "cat", "--lines", "30")
        assert "Watchdog timeout" in log, log


def the_kernel_refuses_private_networks_where_that_is_wanted() -> None:
    code, body, _ = links("open", PRIVATE)
    assert code == 200, body
    drop_in = Path(f"/etc/systemd/system/{API}.service.d/deny-private-networks.conf")
    drop_in.write_text(Path("/usr/local/share/optional/deny-private-networks.conf").read_text())
    systemctl("daemon-reload")
    systemctl("restart", API)
    code, body, _ = links("closed", PRIVATE)
    assert code >= 500, body
    code, body, _ = links("closed")
    assert code == 200, body


CHECKS = [
    each_service_is_active_once_it_has_said_that_it_is_ready,
    a_page_goes_through_web_api_and_redis,
    the_password_of_redis_is_in_a_credential_alone,
    each_extraction_is_a_line_in_the_log_folder,
    processes_have_a_user_of_their_own_and_no_privilege,
    a_restart_under_load_refuses_no_connection,
    a_stopped_service_is_started_by_a_connection,
    a_request_in_flight_is_answered_before_the_service_stops,
    a_killed_service_is_started_again_each_time,
    a_service_that_hangs_is_restarted_by_the_watchdog,
    the_kernel_refuses_private_networks_where_that_is_wanted,
]


def main() -> None:
    for address in [PAGES, PRIVATE]:
        server = ThreadingHTTPServer((address, 80), Pages)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    failed = 0
    for check in CHECKS:
        started = time.monotonic()
        try:
            check()
            outcome = "ok"
        except Exception as error:  # each check is run, whatever another one found
            outcome = f"FAILED: {error!r}"
            failed += 1
        print(f"{check.__name__.replace('_', ' ')}: {outcome} ({time.monotonic() - started:.0f} s)", flush=True)
    if failed:
        log = run("journalctl", "--output", "short-monotonic", "--no-hostname").splitlines()
        print("\n".join([line for line in log if '"target":"access"' not in line][-200:]))
    print("verdict: " + (f"{failed} of {len(CHECKS)} checks failed" if failed else "all checks passed"), flush=True)


if __name__ == "__main__":
    main()
