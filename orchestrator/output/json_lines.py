"""Read a JSON object in a line: its numbers, those of inner objects as `outer/inner`."""

import json
from collections.abc import Iterator
from typing import Any

from .numbers import parse_number

_MOST_TRIES = 20


class _Pairs(list[tuple[str, Any]]):
    """An object as written: a name may occur twice."""


_decoder = json.JSONDecoder(object_pairs_hook=_Pairs)


def find_json(line: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers of the first object of a line, in order."""
    start = -1
    for _ in range(_MOST_TRIES):
        start = line.find("{", start + 1)
        if start < 0:
            return
        try:
            found, _ = _decoder.raw_decode(line, start)
        except (ValueError, RecursionError):
            continue
        yield from _flat(found, "")
        return


def _flat(values: _Pairs, prefix: str) -> Iterator[tuple[str, float]]:
    for key, value in values:
        if type(value) is list and len(value) == 1:
            (value,) = value  # an array with one element is a value
        if isinstance(value, _Pairs):
            yield from _flat(value, f"{prefix}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and key:
            number = parse_number(str(value))
            if number is not None:
                yield f"{prefix}{key}", number
