"""Server-sent events as bytes (WHATWG HTML, section 9.2). JSON without NaN."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

CONTENT_TYPE = "text/event-stream; charset=utf-8"
PING = b"event: ping\ndata: {}\n\n"


def encode_event(name: str, data: Any) -> bytes:
    """Return one event. JSON has no line breaks of its own, so the data is one line."""
    return b"event: " + name.encode() + b"\ndata: " + encode_json(data) + b"\n\n"


def encode_json(data: Any) -> bytes:
    """Return compact JSON, of dataclasses too. Numbers that JSON cannot hold become null."""
    try:
        return _dump(data)
    except ValueError:
        return _dump(_without_non_finite(data))


def _dump(data: Any) -> bytes:
    # ASCII: a name with half a surrogate pair in it can still be sent.
    return json.dumps(data, allow_nan=False, separators=(",", ":"), default=as_fields).encode(
        "ascii"
    )


def as_fields(data: object) -> dict[str, object]:
    """Return the fields of a dataclass by name, those within it as they are."""
    if not is_dataclass(data) or isinstance(data, type):
        raise TypeError(f"{type(data).__name__} has no JSON")
    return {field.name: getattr(data, field.name) for field in fields(data)}


def _without_non_finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: _without_non_finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_non_finite(value) for value in data]
    return _without_non_finite(as_fields(data)) if is_dataclass(data) else data
