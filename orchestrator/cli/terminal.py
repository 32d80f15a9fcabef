"""A terminal that may go: what is printed to one that is no more is lost, and nothing else is."""

import io
import sys
from typing import TextIO


class _Lasting(io.FileIO):
    """Says of every write that it went well: a closed window or a full disk ends no sweep."""

    def write(self, data: object) -> int:
        try:
            return super().write(data) or 0  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def outlive_terminal() -> None:
    """From now on no printing fails, whatever becomes of where it goes."""
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)


def _lasting(stream: TextIO) -> TextIO:
    try:
        stream.flush()
        fd = stream.fileno()
    except (OSError, ValueError):  # no file behind it, as in a notebook; or gone already
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(fd, "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
    )
