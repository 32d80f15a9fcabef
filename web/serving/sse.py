"""Server-sent events as bytes (WHATWG HTML, section 9.2); JSON without NaN."""

import json
import math
from typing import Any

CONTENT_TYPE = "text/event-stream; charset=utf-8"
PING = b"event: ping\ndata: {}\n\n"


def encode_event(name: str, data: Any) -> bytes:
    """One event; JSON has no line breaks of its own, so the data is one line."""
    return b"event: " + name.encode() + b"\ndata: " + encode_json(data) + b"\n\n"


def encode_json(data: Any) -> bytes:
    """Compact JSON; numbers that JSON cannot hold become null."""
    try:
        return _dump(data)
    except ValueError:
        return _dump(_without_non_finite(data))


def _dump(data: Any) -> bytes:
    # ASCII: a name with half a surrogate pair in it still travels.
    return json.dumps(data, allow_nan=False, separators=(",", ":")).encode("ascii")


def _without_non_finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _without_non_finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_non_finite(value) for value in data]
    return data
