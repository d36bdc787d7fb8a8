# The script of stack.nix: `client`, `pages` and `stack` are its machines.
import json

API = "linkextractor-api.service"
WEB = "linkextractor-web.service"
REDIS = "redis-linkextractor.service"
LOG = "/var/log/linkextractor/extraction.log"


def address(name: str) -> str:
    return client.succeed(f"getent ahostsv4 {name} | cut -d ' ' -f 1 | head -n 1").strip()


def ask(url: str, options: str = "--fail") -> str:
    """The API's response: status, headers and body."""
    return client.succeed(f"curl --silent --show-error --include {options} http://stack:5000/api/{url}")


def body(answer: str) -> str:
    return answer.partition("\r\n\r\n")[2]


def wait_for_answer(pattern: str) -> None:
    client.wait_until_succeeds(
        f"curl --silent --include http://stack:5000/api/{page} | grep --quiet '{pattern}'", timeout=30
    )


start_all()
pages.wait_for_open_port(80)
for unit in [REDIS, API, WEB, "nginx.service"]:
    stack.wait_for_unit(unit)
page = f"http://{address('pages')}/"

with subtest("a page's links, fetched once and then from the cache"):
    first = ask(page)
    assert json.loads(body(first)) == [
        {"text": "About us", "href": f"{page}about"},
        {"text": "[IMG]", "href": "https://example.org/"},
    ], first
    assert "linkextractor; fwd=miss" in first, first
    # The API does not wait for a slow Redis: a page may be stored at a later request only.
    wait_for_answer("linkextractor; hit")
    second = ask(page)
    assert "linkextractor; hit" in second, second
    assert body(second) == body(first)
    assert stack.succeed("redis-cli -s /run/redis-linkextractor/redis.sock dbsize").strip() != "0"

with subtest("each extraction is a line in the log"):
    lines = [line.split("\t") for line in stack.succeed(f"cat {LOG}").splitlines()]
    assert lines[0][1:] == ["MISS", page], lines
    assert lines[-1][1:] == ["HIT", page], lines

with subtest("the web page shows them, through nginx"):
    shown = client.succeed(f"curl --silent --fail --get --data-urlencode url={page} http://stack/")
    for text in ["About us", f"{page}about", "https://example.org/"]:
        assert text in shown, shown

with subtest("an address that is not allowed is refused"):
    for host in [address("stack"), "127.0.0.1:5001", "169.254.169.254", "[::1]"]:
        answer = ask(f"http://{host}/", "--globoff")
        assert answer.startswith("HTTP/1.1 403 "), answer
        assert json.loads(body(answer))["code"] == "blocked-destination", answer

with subtest("only what was opened can be reached"):
    for port in [5001, 6379, 8080, 8081]:
        client.fail(f"curl --silent --max-time 3 http://stack:{port}/")

with subtest("each service can be restarted"):
    for unit in [API, WEB, REDIS]:
        stack.succeed(f"systemctl restart {unit}")
        stack.wait_for_unit(unit)
        wait_for_answer("About us")
        client.wait_until_succeeds("curl --silent --fail http://stack/", timeout=30)

with subtest("no request fails while the API is restarted: systemd keeps its socket"):
    client.succeed(f"load start http://stack:5000/api/{page}?")
    client.succeed("load wait 100")
    stack.succeed(f"systemctl restart {API}")
    client.succeed("load wait 100")
    print(client.succeed("load stop"))

with subtest("a service that crashed is started again"):
    stack.succeed(f"systemctl kill --signal=KILL {API}")
    wait_for_answer("About us")

with subtest("without Redis pages are fetched anew, and with it they are kept again"):
    stack.succeed(f"systemctl stop {REDIS}")
    answer = ask(page)
    assert "About us" in answer, answer
    assert "fwd=miss" in answer, answer
    stack.succeed(f"systemctl start {REDIS}")
    wait_for_answer("linkextractor; hit")

with subtest("the hardening is in force"):
    for unit in [API, WEB]:
        stack.succeed(f"systemd-analyze security --threshold=15 --no-pager {unit}")
        pid = stack.succeed(f"systemctl show --property=MainPID --value {unit}").strip()
        status = dict(
            line.split(":\t", 1) for line in stack.succeed(f"cat /proc/{pid}/status").splitlines() if ":\t" in line
        )
        assert status["Uid"].split()[0] != "0", status
        assert int(status["CapBnd"], 16) == 0, status
        assert status["NoNewPrivs"] == "1", status
        assert status["Seccomp"] == "2", status
