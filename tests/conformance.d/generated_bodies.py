"""How tests/conformance.d/generated sends bodies that are no JSON: as they are."""

from typing import Any

import schemathesis

TEXT = ["text/html", "application/xhtml+xml", "text/uri-list", "application/x-ndjson"]


@schemathesis.serializer(*TEXT)
def as_it_is(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """A text cannot be of a wrong type."""
    return case.media_type not in TEXT or isinstance(case.body, str | bytes)
