# The script of monitoring.nix: `monitor`, `pages` and `stack` are its machines.
import json
from typing import Any

PROMETHEUS = "http://127.0.0.1:9090/api/v1"


def query(expression: str) -> list[Any]:
    answer = monitor.succeed(
        f"curl --silent --fail --get --data-urlencode 'query={expression}' {PROMETHEUS}/query",
    )
    result: list[Any] = json.loads(answer)["data"]["result"]
    return result


def wait_for(expression: str) -> None:
    """Until the expression has a result."""
    monitor.wait_until_succeeds(
        f"curl --silent --fail --get --data-urlencode 'query={expression}' {PROMETHEUS}/query"
        " | grep --fixed-strings '\"metric\":'",
        timeout=60,
    )


def firing() -> set[str]:
    return {alert["metric"]["alertname"] for alert in query('ALERTS{alertstate="firing"}')}


start_all()
pages.wait_for_open_port(80)
for unit in ["redis-linkextractor.service", "linkextractor-api.service", "linkextractor-web.service"]:
    stack.wait_for_unit(unit)
monitor.wait_for_unit("prometheus.service")
monitor.wait_for_open_port(9090)
address = monitor.succeed("getent ahostsv4 pages | cut -d ' ' -f 1 | head -n 1").strip()

with subtest("both services are scraped, under the names that the alerts expect"):
    for job in ["linkextractor-api", "linkextractor-web"]:
        wait_for(f'up{{job="{job}"}} == 1')
        wait_for(f'linkextractor_build_info{{job="{job}"}}')

with subtest("no alert fires while all is well"):
    monitor.succeed(f"curl --silent --fail --get --data-urlencode url=http://{address}/ http://stack:8080/")
    wait_for('linkextractor_fetches_total{job="linkextractor-api"} > 0')
    wait_for('linkextractor_redis_up{job="linkextractor-api"} == 1')
    # Alerts of the start, when not all was up, are over.
    wait_for('absent(ALERTS{alertstate="firing"})')
    assert firing() == set()

with subtest("one fires when Redis stops, and only that one"):
    stack.succeed("systemctl stop redis-linkextractor.service")
    wait_for('ALERTS{alertname="LinkextractorRedisUnreachable",alertstate="firing"}')
    assert firing() == {"LinkextractorRedisUnreachable"}

with subtest("it is over when Redis is back"):
    stack.succeed("systemctl start redis-linkextractor.service")
    wait_for('absent(ALERTS{alertname="LinkextractorRedisUnreachable"})')
