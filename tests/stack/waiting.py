"""Waits for a condition in a test, which fails if it takes too long."""

import time
from collections.abc import Callable


def until(what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not so: {what}"
        time.sleep(0.1)
