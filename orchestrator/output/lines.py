"""The lines of a growing output, each exactly once, even if its middle is cut out.

The supervisor cuts the middle out of a huge output while others write and read it (see
`supervision.output_limit`). What was cut before it was read is counted, and a line with a missing
part is left out: two halves of different lines would give values that were never printed.
"""

import os
import re
from pathlib import Path

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.guarded import READ, open_guarded

from ..supervision import output_limit

BLOCK_BYTES = 1 << 18
LONGEST_LINE_BYTES = 1 << 16
_LINE_END = re.compile(rb"\r\n|\n|\r")


class OutputLines:
    """Reads the lines of one file as they are written.

    Attributes:
        n_lost_bytes: the number of bytes cut out of the output before they were read, including
            partial lines around the cut.
        n_long_lines: lines too long to be text.
    """

    def __init__(self, path: Path, kept_bytes: int = output_limit.KEPT_BYTES) -> None:
        self.path = path
        self._kept_bytes = kept_bytes
        self.n_lost_bytes = 0
        self.n_long_lines = 0
        self._offset = 0
        self._n_cut = 0
        self._partial = b""
        self._is_torn = False
        """Whether the line that begins at the offset lacks its beginning."""
        self._is_long = False

    def read(self) -> tuple[list[bytes], bool]:
        """Return a bounded number of new lines, without their ends, and whether there is more."""
        try:
            fd = open_guarded(self.path, READ)
        except OSError:
            return [], False
        try:
            return self._read(fd)
        except OSError:
            return [], False
        finally:
            os.close(fd)

    def skip_to_end(self) -> bool:
        """Begin at the end of an output from which something was cut. Returns False if nothing
        was."""
        try:
            fd = open_guarded(self.path, READ)
        except OSError:
            return False
        try:
            n_cut = output_limit.bytes_cut(fd, self._kept_bytes)
            if not n_cut:
                return False
            self._n_cut, self._offset = n_cut, os.fstat(fd).st_size
            self._is_torn = os_files.pread(fd, 1, self._offset - 1) != b"\n"
            return True
        except OSError:
            return False
        finally:
            os.close(fd)

    def rest(self) -> list[bytes]:
        """Return the last line, if it has no line end: for an output that is complete."""
        rest = [] if self._is_torn or self._is_long else [self._partial]
        self._partial = b""
        return rest

    def _read(self, fd: int) -> tuple[list[bytes], bool]:
        n_cut = output_limit.bytes_cut(fd, self._kept_bytes)
        if n_cut is None:  # it is being cut at this moment
            return [], False
        size = os.fstat(fd).st_size
        self._follow_cut(n_cut, size)
        n_bytes, head_end = BLOCK_BYTES, output_limit.head_end(n_cut, self._kept_bytes)
        if n_cut and self._offset < head_end:
            n_bytes = min(n_bytes, head_end - self._offset)
        block = os_files.pread(fd, n_bytes, self._offset)
        if output_limit.bytes_cut(fd, self._kept_bytes) != n_cut:
            return [], True  # a cut began meanwhile: the block may mix two places
        self._offset += len(block)
        lines = self._split(block)
        if n_cut and self._offset == head_end:
            self._skip_to(self._kept_bytes, n_cut + self._kept_bytes - head_end)
        return lines, len(block) == n_bytes

    def _follow_cut(self, n_cut: int, size: int) -> None:
        """Find the offset again after bytes around it were cut out."""
        n_new, self._n_cut = n_cut - self._n_cut, n_cut
        if n_new > 0 and self._offset >= output_limit.head_end(n_cut, self._kept_bytes):
            first_left = self._kept_bytes + n_new + len(output_limit.TORN) + 1
            if self._offset >= first_left:
                self._offset -= n_new
            else:
                self._skip_to(self._kept_bytes, first_left - self._offset)
        elif size < self._offset:  # another process made it shorter
            self._skip_to(size, 0)

    def _skip_to(self, offset: int, n_lost_bytes: int) -> None:
        self._offset = offset
        self.n_lost_bytes += n_lost_bytes + len(self._partial)
        self._partial, self._is_long, self._is_torn = b"", False, offset > 0

    def _split(self, block: bytes) -> list[bytes]:
        *lines, rest = _LINE_END.split(self._partial + block)
        if lines and self._is_long:
            del lines[0]
            self._is_long = False
        if self._is_torn or any(output_limit.TORN in line for line in lines):
            lines = self._whole_lines(lines)
        if len(rest) > LONGEST_LINE_BYTES:
            self.n_long_lines += not (self._is_long or self._is_torn)
            rest, self._is_long = b"", True
        self._partial = rest
        return lines

    def _whole_lines(self, lines: list[bytes]) -> list[bytes]:
        """Drop the lines next to a place where output is missing."""
        whole: list[bytes] = []
        for line in lines:
            is_before = output_limit.TORN in line
            if is_before or self._is_torn:
                self.n_lost_bytes += len(line.replace(output_limit.TORN, b""))
            else:
                whole.append(line)
            self._is_torn = is_before
        return whole
