"""Read files that may be extremely long: skip holes, set bounds, allow interruption.

A sparse file of a terabyte takes a few bytes on disk: holes are skipped. The dashboard and `list`,
which read many files, set `limit_files`: a longer file is then given up with `TooLongError`. The
function set with `call_meanwhile` is called while files are read, and may raise.
"""

import os
import time
from collections.abc import Callable

from .. import os_files
from ..records import LogFormatError


class TooLongError(LogFormatError):
    """A file is too long to be read."""


def _do_nothing() -> None:
    pass


_most_bytes: int | None = None
_most_s: float | None = None
_given_up: dict[str, str] = {}
_MOST_GIVEN_UP = 1_000
_meanwhile: Callable[[], None] = _do_nothing


def limit_files(most_bytes: int | None, most_s: float | None) -> None:
    """Give up files after so many bytes or seconds from now on. `None` means no limit."""
    global _most_bytes, _most_s
    _most_bytes, _most_s = most_bytes, most_s


def call_meanwhile(function: Callable[[], None]) -> None:
    """Call this function for each piece of a file that is read. An exception in it ends the
    reading."""
    global _meanwhile
    _meanwhile = function


def meanwhile() -> None:
    """Call the function between two pieces of work that take long together."""
    _meanwhile()


def given_up() -> dict[str, str]:
    """Return the files that were given up, and why, except those read to their end later."""
    return dict(_given_up)


def note_given_up(path: str, why: str) -> None:
    """Record that a file was not read to its end, and why. All pages that show the file say so."""
    if len(_given_up) < _MOST_GIVEN_UP:
        _given_up[path] = why


class BoundedReading:
    """How much of one file was read, and how long that took.

    Args:
        is_bounded: False reads the whole file and ignores `limit_files`.
    """

    def __init__(self, path: str | os.PathLike[str], *, is_bounded: bool = True) -> None:
        self._path = os.fspath(path)
        self._is_bounded = is_bounded
        self._n_bytes = 0
        self._started_at = time.monotonic()

    def note(self, n_bytes: int) -> None:
        """Note that a piece was read.

        Raises:
            TooLongError: the file is longer than is read.
        """
        _meanwhile()
        self._n_bytes += n_bytes
        why = self._why_too_long() if self._is_bounded else None
        if why is not None:
            note_given_up(self._path, why)
            raise TooLongError(f"{self._path} {why}")

    def _why_too_long(self) -> str | None:
        if _most_bytes is not None and self._n_bytes > _most_bytes:
            return f"is too long: after {_most_bytes >> 20} MiB no more was read"
        if _most_s is not None and time.monotonic() - self._started_at > _most_s:
            read = f"{_most_s:g} s and {self._n_bytes >> 20} MiB"
            return f"takes too long to read: after {read} no more was read"
        return None

    def end(self) -> None:
        """Note that the file was read to its end."""
        _given_up.pop(self._path, None)


def next_data(fd: int, offset: int, size_bytes: int) -> int:
    """Return where the next written bytes begin, or `size_bytes` if there are none.

    Changes the position of `fd` to `offset` or behind it.
    """
    if not os_files.CAN_SEEK_DATA or offset >= size_bytes:
        return offset
    try:
        return os.lseek(fd, offset, os_files.SEEK_DATA)
    except OSError:  # only a hole from here on, or a file system that does not report holes
        return size_bytes if _ends_in_hole(fd, offset, size_bytes) else offset


def _ends_in_hole(fd: int, offset: int, size_bytes: int) -> bool:
    try:
        return os.lseek(fd, offset, os_files.SEEK_HOLE) <= offset < size_bytes
    except OSError:
        return False
