# The script of cluster.nix: `cache`, `client`, `one`, `pages`, `proxy` and `two` are its machines.
API = "linkextractor-api.service"


def ask(machine: str, page: str) -> str:
    """The response of one machine's API, with its header."""
    return client.succeed(f"curl --silent --show-error --fail --include http://{machine}:5000/api/{page}")


start_all()
cache.wait_for_unit("redis.service")
cache.wait_for_open_port(6379)
pages.wait_for_open_port(80)
for machine in [one, two]:
    machine.wait_for_unit(API)
    machine.wait_until_succeeds(
        "curl --silent --fail http://127.0.0.1:5001/metrics | grep '^linkextractor_redis_up 1$'", timeout=60
    )
proxy.wait_for_unit("nginx.service")
proxy.wait_for_open_port(80)
address = client.succeed("getent ahostsv4 pages | cut -d ' ' -f 1 | head -n 1").strip()
page = f"http://{address}/"

with subtest("what one machine has fetched, the other has"):
    first = ask("one", page)
    assert "linkextractor; fwd=miss" in first, first
    client.wait_until_succeeds(
        f"curl --silent --include http://two:5000/api/{page} | grep 'linkextractor; hit'", timeout=30
    )
    second = ask("two", page)
    assert second.partition("\r\n\r\n")[2] == first.partition("\r\n\r\n")[2], second

with subtest("no request fails while the machines are restarted one after the other"):
    client.succeed(f"load start http://proxy/api/{page}?")
    client.succeed("load wait 200")
    for machine in [one, two]:
        machine.succeed(f"systemctl restart {API}")
        machine.wait_for_open_port(5000)
        client.succeed("load wait 200")
    print(client.succeed("load stop"))

with subtest("both machines had requests, and knew who asked"):
    asked_by = proxy.succeed("getent ahostsv4 client | cut -d ' ' -f 1 | head -n 1").strip()
    for machine in [one, two]:
        machine.succeed(f'journalctl --unit={API} --output=cat | grep \'"client":"{asked_by}"\'')
