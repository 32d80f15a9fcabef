"""Read an index: all of it, and then what is new."""

import os
import stat

from .. import os_files
from ..guarded import open_guarded
from ..reading.bounded_reading import BoundedReading, TooLongError, next_data
from .entries import IndexLine
from .index_lines import parse_lines

_PIECE_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20


class IndexTail:
    """Follows one index.

    Attributes:
        path: of the index.
        was_replaced: the last `read` found another file, and began at its beginning.
        is_cut: the index is longer than is read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.was_replaced = self.is_cut = False
        self._file: tuple[int, int] | None = None
        self._offset = 0

    def read(self) -> list[IndexLine]:
        """Return the whole lines added since the last call, or none if the index cannot be read."""
        self.was_replaced = False
        try:
            fd = open_guarded(self.path, os_files.READ)
        except OSError:
            return []
        try:
            return self._read(fd)
        finally:
            os.close(fd)

    def _read(self, fd: int) -> list[IndexLine]:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return []
        file = os_files.file_of(found)
        if self._file is not None and (file != self._file or found.st_size < self._offset):
            self.was_replaced, self.is_cut = True, False
            self._offset = 0
        self._file = file
        lines: list[IndexLine] = []
        if self.is_cut:
            return lines
        reading = BoundedReading(self.path)
        try:
            self._take_in(fd, found.st_size, reading, lines)
            reading.end()
        except TooLongError:
            self.is_cut = True
        except OSError:  # what has been read so far counts
            pass
        return lines

    def _take_in(self, fd: int, size: int, reading: BoundedReading, lines: list[IndexLine]) -> None:
        rest, start, is_skipping = b"", self._offset, False
        at = start
        while at < size:
            at_data = next_data(fd, at, size)
            if at_data > at:  # a hole: the part before it is not a line
                rest, at, start = b"", at_data, at_data
                self._offset = start
                continue
            piece = os_files.pread(fd, min(_PIECE_BYTES, size - at), at)
            if not piece:
                return
            at += len(piece)
            reading.note(len(piece))
            parts = (rest + piece).split(b"\n")
            rest = parts.pop()
            if is_skipping and parts:  # the end of a line that is too long
                start += len(parts.pop(0)) + 1
                is_skipping = False
            lines += parse_lines(parts, self.path, start)
            start += sum(map(len, parts)) + len(parts)
            if len(rest) > _LONGEST_LINE:
                is_skipping, start, rest = True, start + len(rest), b""
            self._offset = start
