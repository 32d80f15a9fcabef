"""HTTP Range requests (RFC 9110, 14.2): which part of a file is asked for. Pure."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, but without, `stop`."""

    start: int
    stop: int


class UnsatisfiableError(ValueError):
    """Nothing of the file lies within the range."""


def parse_range(text: str | None, size: int) -> ByteRange | None:
    """The part that a `Range` header asks for. None means the whole.

    Several ranges at once, other units and what cannot be read mean the whole, as the RFC allows.

    Raises:
        UnsatisfiableError: it begins behind the end.
    """
    match = _RANGE.fullmatch(text or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), size if last == "" else min(size, int(last) + 1)
        if last != "" and int(last) < start:
            return None
    if start >= stop:
        raise UnsatisfiableError
    return ByteRange(start, stop)
