"""Fields of what others wrote: of the type that is expected, or refused.

A sweep's folder may come from anywhere: its journal is read by every page, so what is in it
is checked once, where it is read, and nothing behind that has to doubt it.
"""

import math
import os
import sys
from typing import Any

_LATEST_S = 253_000_000_000.0  # the year 9987: what every platform's calendar holds
_LARGEST = 1 << 63

_MOST_STEM_BYTES = 215
"""File systems allow 255 for a name. The longest suffix of ours, and that of a copy, follow."""


def time_of(value: Any) -> float:
    """Seconds since the epoch, on the calendar."""
    seconds = float(value)
    if isinstance(value, bool) or not 0 <= seconds <= _LATEST_S:
        raise ValueError(f"{value!r} is not a time")
    return seconds


def whole_number(value: Any) -> int:
    """A whole number of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -_LARGEST <= value < _LARGEST:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def whole_number_or_none(value: Any) -> int | None:
    return None if value is None else whole_number(value)


def number_or_none(value: Any) -> float | None:
    """A float as the journal holds it: infinities and NaN are there as strings."""
    return None if value is None else float(value)


def numbers_by_name(mapping: Any) -> dict[str, float]:
    """Numbers by name."""
    return {text(name): float(value) for name, value in named(mapping).items()}


def pair_list(value: Any) -> tuple[tuple[int, float], ...]:
    """Pairs of a whole number and a number."""
    return tuple((whole_number(at), float(one)) for at, one in value)


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def text_or_none(value: Any) -> str | None:
    return None if value is None else text(value)


def text_list(value: Any) -> list[str]:
    return [text(one) for one in value]


def file_stem(value: Any) -> str:
    """A name that a file in the sweep's own folder can have, and no way out of it."""
    name = text(value)
    if not name or "\0" in name or name != os.path.basename(name):  # noqa: PTH119
        raise ValueError(f"{name!r} is not a file name")
    if len(name.encode("utf-8", "surrogatepass")) > _MOST_STEM_BYTES:
        raise ValueError(f"{name[:50]!r}… is too long for a file name")
    return name


def named(mapping: Any) -> dict[str, Any]:
    """A mapping, such as hyperparameters. JSON has no other keys than texts."""
    if not isinstance(mapping, dict):
        raise TypeError(f"{mapping!r} holds no names")
    return {sys.intern(name): value for name, value in mapping.items()}


def printable(value: Any) -> Any:
    """The same with every half of a surrogate pair written out, so that it can be encoded.

    JSON can name them, and a file's name that is no UTF-8 holds them.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [printable(one) for one in value]
    if isinstance(value, dict):
        return {printable(key): printable(one) for key, one in value.items()}
    return value


def is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
