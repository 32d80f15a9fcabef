"""Fields of files that others wrote: of the expected type, or refused.

A sweep's folder may come from anywhere. Every page reads its journal, so its content is checked
once, where it is read, and all later code can rely on it.
"""

import math
import os
import sys
from typing import Any, TypeGuard

_LATEST_S = 253_000_000_000.0  # the year 9987: the end of every platform's calendar
_LARGEST = 1 << 63

_MOST_STEM_BYTES = 215
"""File systems allow 255 for a name. Our longest suffix, and that of a copy, are appended."""


def time_of(value: Any) -> float:
    """Return seconds since the epoch, on the calendar."""
    seconds = float(value)
    if isinstance(value, bool) or not 0 <= seconds <= _LATEST_S:
        raise ValueError(f"{value!r} is not a time")
    return seconds


def whole_number(value: Any) -> int:
    """Return a whole number of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -_LARGEST <= value < _LARGEST:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def whole_number_or_none(value: Any) -> int | None:
    return None if value is None else whole_number(value)


def number_or_none(value: Any) -> float | None:
    """Return a float as the journal holds it: infinities and NaN are strings there."""
    return None if value is None else float(value)


def numbers_by_name(mapping: Any) -> dict[str, float]:
    """Return numbers by name."""
    return {text(name): float(value) for name, value in named(mapping).items()}


def pair_list(value: Any) -> tuple[tuple[int, float], ...]:
    """Return pairs of a whole number and a number."""
    return tuple((whole_number(at), float(one)) for at, one in value)


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def text_or_none(value: Any) -> str | None:
    return None if value is None else text(value)


def text_list(value: Any) -> list[str]:
    return [text(one) for one in value]


def file_stem(value: Any) -> str:
    """Return a name that a file in the sweep's own folder can have, and that does not lead out of
    it."""
    name = text(value)
    if not name or "\0" in name or name != os.path.basename(name):  # noqa: PTH119
        raise ValueError(f"{name!r} is not a file name")
    if len(name.encode("utf-8", "surrogatepass")) > _MOST_STEM_BYTES:
        raise ValueError(f"{name[:50]!r}… is too long for a file name")
    return name


def named(mapping: Any) -> dict[str, Any]:
    """Return a mapping, such as hyperparameters. JSON has only texts as keys."""
    if not isinstance(mapping, dict):
        raise TypeError(f"{mapping!r} holds no names")
    return {sys.intern(name): value for name, value in mapping.items()}


def printable(value: Any) -> Any:
    """Return the text with every half of a surrogate pair escaped, so that it can be encoded.

    JSON can contain them, and so can the name of a file that is no UTF-8.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [printable(one) for one in value]
    if isinstance(value, dict):
        return {printable(key): printable(one) for key, one in value.items()}
    return value


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether it is a number. True and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite_number(value: object) -> TypeGuard[int | float]:
    return is_number(value) and math.isfinite(value)
