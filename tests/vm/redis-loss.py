# The script of redis-loss.nix: `client`, `pages` and `stack` are its machines.
REDIS = "redis-linkextractor.service"
SOCKET = "/run/redis-linkextractor/redis.sock"


def wait_for_redis(up: int) -> None:
    """The API itself reports whether it reaches Redis."""
    stack.wait_until_succeeds(
        f"curl --silent --fail http://127.0.0.1:5001/metrics | grep '^linkextractor_redis_up {up}$'", timeout=60
    )


start_all()
pages.wait_for_open_port(80)
stack.wait_for_unit(REDIS)
stack.wait_for_unit("linkextractor-api.service")
address = client.succeed("getent ahostsv4 pages | cut -d ' ' -f 1 | head -n 1").strip()
page = f"http://stack:5000/api/http://{address}/?"
wait_for_redis(1)
client.succeed(f"load start {page}")
client.succeed("load wait 100")

with subtest("no request fails while Redis is killed and started again"):
    stack.succeed(f"systemctl kill --signal=KILL {REDIS}")
    client.succeed("load wait 200")
    stack.succeed(f"systemctl start {REDIS}")
    wait_for_redis(1)

with subtest("no request fails while Redis does not answer"):
    stack.succeed(f"systemctl kill --signal=STOP {REDIS}")
    client.succeed("load wait 400")
    stack.succeed(f"systemctl kill --signal=CONT {REDIS}")
    wait_for_redis(1)

with subtest("no request fails while Redis is stopped"):
    stack.succeed(f"systemctl stop {REDIS}")
    wait_for_redis(0)
    client.succeed("load wait 200")
    stack.succeed(f"systemctl start {REDIS}")
    wait_for_redis(1)
    client.succeed("load wait 100")

print(client.succeed("load stop"))

with subtest("results are kept in Redis again"):
    client.succeed(f"curl --silent --fail {page}afterwards")
    stack.wait_until_succeeds(f"redis-cli -s {SOCKET} --scan | grep afterwards", timeout=30)
