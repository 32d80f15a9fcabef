"""The index of a run's media: one line of JSON for each, appended by one `write`."""

import os
import stat
import time
from json import JSONEncoder

from .. import locks, os_files, paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAGS = os_files.APPEND | os.O_CREAT | os_files.NO_LINK

encode_value = JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""Return the JSON of one value."""


def encode_fields(fields: "Mapping[str, object]") -> str:
    """Return the JSON of further fields of a line, such as `,"width":64,"height":64`.

    Args:
        fields: their names need no escapes in JSON.
    """
    return "".join(
        [
            f',"{key}":{value if type(value) is int else encode_value(value)}'
            for key, value in fields.items()
        ]
    )


class IndexFile:
    """One index that is being written. Several processes may append to it at once.

    Attributes:
        size_bytes: when it was opened, and what this process wrote since.
    """

    __slots__ = ("_begins_session", "_fd", "_identity", "_is_torn", "path", "size_bytes")

    def __init__(self, path: str, *, begins_session: bool) -> None:
        """Args:
        path: absolute.
        begins_session: the file that is opened again continues the run.
        """
        self.path = path
        self._begins_session = begins_session
        self._fd = -1
        self._identity: tuple[int, int] | None = None
        self._is_torn = False
        try:
            self.size_bytes = os.lstat(path).st_size
        except OSError:
            self.size_bytes = 0

    def append(self, text: str) -> None:
        """Write one line.

        Args:
            text: an object of JSON, in ASCII.

        Raises:
            OSError: it was not written.
        """
        if self._fd < 0:
            self._open()
        line = self._line(text)
        try:
            n_written = os.write(self._fd, line)
        except OSError:
            if self._is_same(self._fd):
                raise
            self.close()
            self._open()
            line = self._line(text)
            n_written = os.write(self._fd, line)
        self.size_bytes += n_written
        if n_written < len(line):
            self._is_torn = True
            raise OSError(28, "No space left on device", self.path)
        self._is_torn = False

    def close(self) -> None:
        """Close the file. `append` opens it again."""
        fd, self._fd = self._fd, -1
        if fd >= 0 and self._is_same(fd) is not None:
            os.close(fd)

    def look(self) -> None:
        """Check that the file is open and was not deleted. If not, `append` opens it again."""
        if self._fd >= 0 and not self._is_same(self._fd):
            self.close()

    def _line(self, text: str) -> bytes:
        return f"\n{text}\n".encode("ascii") if self._is_torn else f"{text}\n".encode("ascii")

    def _open(self) -> None:
        fd = os.open(self.path, _FLAGS, paths.FILE_MODE)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise OSError(22, "not a regular file", self.path)
        is_again = found.st_size > 0
        self._is_torn = is_again and os_files.pread(fd, 1, found.st_size - 1) != b"\n"
        self._identity = os_files.file_of(found)
        self.size_bytes = found.st_size
        is_new_session = self._begins_session and is_again and not locks.is_held(self.path)
        locks.hold_shared(fd)
        self._fd, self._begins_session = fd, False
        if is_new_session:
            self.append(f'{{"kind":"session","time":{time.time():.6f}}}')

    def _is_same(self, fd: int) -> bool | None:
        """Return whether our file still has a name, or None if `fd` is not our file any more."""
        try:
            found = os.fstat(fd)
        except OSError:
            return None
        is_ours = os_files.file_of(found) == self._identity
        return found.st_nlink > 0 if is_ours else None
