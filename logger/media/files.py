"""The files that hold media: named after their content, each written once, within a budget.

A file is written under its last name at once. Only a line of the index makes it count, and that
line is written afterwards, so that an unfinished file is never shown.
"""

import os
import time
from hashlib import sha256

from .. import os_files, paths

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os_files.BINARY | os_files.NO_LINK
_DIGITS = 32


class MediaFiles:
    """The media files of one run.

    Attributes:
        folder: absolute; made with the first file.
        used_bytes: of all files in it, as this process knows.
    """

    __slots__ = ("_has_folder", "_shared", "folder", "used_bytes")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._has_folder = False
        self._shared: set[str] = set()
        self.used_bytes = _size_of(folder)

    def put(self, data: bytes, suffix: str) -> str:
        """Write a file, unless there is one of the same bytes; return its name.

        Raises:
            OSError: it cannot be written; nothing of it is left behind.
        """
        name = sha256(data).hexdigest()[:_DIGITS] + suffix
        path = f"{self.folder}{os.sep}{name}"
        if not self._has_folder:
            paths.make_folders(self.folder)
            self._has_folder = True
        try:
            self._write(path, data)
        except FileExistsError:
            self._shared.add(name)
            if os.lstat(path).st_size != len(data):  # a process was killed while it wrote
                self._replace(path, data)
        except FileNotFoundError:
            paths.make_folders(self.folder)
            self._write(path, data)
        return name

    def needs_space(self, data: bytes, suffix: str) -> bool:
        """Whether the bytes are not there yet."""
        name = sha256(data).hexdigest()[:_DIGITS] + suffix
        return not os.path.lexists(os.path.join(self.folder, name))

    def remove(self, name: str) -> None:
        """Remove a file that was thinned out, unless something else may need it."""
        if name in self._shared:
            return
        path = os.path.join(self.folder, name)
        try:
            size = os.lstat(path).st_size
            os.unlink(path)
        except OSError:
            return
        self.used_bytes -= size

    def _write(self, path: str, data: bytes) -> None:
        fd = os.open(path, _CREATE, paths.FILE_MODE)
        try:
            n_written = os.write(fd, data)
            while n_written < len(data):
                n_written += os.write(fd, data[n_written:])
        except OSError:
            os.unlink(path)
            raise
        finally:
            os.close(fd)
        self.used_bytes += len(data)

    def _replace(self, path: str, data: bytes) -> None:
        temporary = f"{path}.{os.getpid()}-{time.monotonic_ns()}.new"
        self._write(temporary, data)
        try:
            os_files.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise


def _size_of(folder: str) -> int:
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except OSError:
        return 0
