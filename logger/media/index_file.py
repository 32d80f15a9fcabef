"""The index of a run's media: one line of JSON for each, appended by one `write`."""

import json
import os
import stat
import time

from .. import locks, os_files, paths

_encode = json.JSONEncoder(separators=(",", ":")).encode
_FLAGS = os_files.APPEND | os.O_CREAT | os_files.NO_LINK


class IndexFile:
    """One index that is being written. Several processes may append to it at once."""

    __slots__ = ("_begins_session", "_fd", "_identity", "_is_torn", "path")

    def __init__(self, path: str, *, begins_session: bool) -> None:
        """Args:
        path: absolute.
        begins_session: what is written continues the run where it is opened again.
        """
        self.path = path
        self._begins_session = begins_session
        self._fd = -1
        self._identity: tuple[int, int] | None = None
        self._is_torn = False

    def append(self, entry: dict[str, object]) -> None:
        """Write one line.

        Raises:
            OSError: it was not written.
        """
        self._make_ready()
        line = _encode(entry).encode("ascii") + b"\n"
        if self._is_torn:
            line = b"\n" + line
        n_written = os.write(self._fd, line)
        if n_written < len(line):
            self._is_torn = True
            raise OSError(28, "No space left on device", self.path)
        self._is_torn = False

    def close(self) -> None:
        """Close it. `append` would open it again."""
        fd, self._fd = self._fd, -1
        if fd >= 0 and self._is_same(fd):
            os.close(fd)

    def _make_ready(self) -> None:
        """Open it, unless it is open and still has its name."""
        if self._fd >= 0 and self._is_same(self._fd):
            return
        fd = os.open(self.path, _FLAGS, paths.FILE_MODE)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise OSError(22, "not a regular file", self.path)
        is_again = found.st_size > 0
        self._is_torn = is_again and os_files.pread(fd, 1, found.st_size - 1) != b"\n"
        self._identity = found.st_dev, found.st_ino
        is_new_session = self._begins_session and is_again and not locks.is_held(self.path)
        locks.hold_shared(fd)
        self._fd, self._begins_session = fd, False
        if is_new_session:
            self.append({"kind": "session", "time": time.time()})

    def _is_same(self, fd: int) -> bool:
        """Whether the number still means our file, and the file was not deleted."""
        try:
            found = os.fstat(fd)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity and found.st_nlink > 0
