"""HTTP Range requests (RFC 9110, 14.2): the requested part of a file. Pure."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, but not including, `stop`."""

    start: int
    stop: int


class UnsatisfiableError(ValueError):
    """No byte of the file is within the range."""


def parse_range(text: str | None, size: int) -> ByteRange | None:
    """Return the part that a `Range` header requests. None means the whole.

    Several ranges at once, other units and malformed ones mean the whole, as the RFC allows.

    Raises:
        UnsatisfiableError: it begins after the end.
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
