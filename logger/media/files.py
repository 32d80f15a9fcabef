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
_SAMPLE_BYTES = 256
_N_BETWEEN = 128


class MediaFiles:
    """The media files of one run.

    Attributes:
        folder: absolute, made with the first file.
        used_bytes: of all files in it, as this process knows.
    """

    __slots__ = ("_has_folder", "_shared", "folder", "used_bytes")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._has_folder = False
        self._shared: set[str] = set()
        self.used_bytes = _size_of(folder)

    def put(self, data: bytes, suffix: str) -> str:
        """Write a file, unless there is one of the same bytes, and return its name.

        Raises:
            OSError: it cannot be written, or nothing for it is left behind.
        """
        name = _quick_name(data) + suffix
        if not self._has_folder:
            paths.make_folders(self.folder)
            self._has_folder = True
        try:
            self._write(self._path(name), data)
        except FileExistsError:
            return self._put_beside(data, name, suffix)
        except FileNotFoundError:
            paths.make_folders(self.folder)
            self._write(self._path(name), data)
        return name

    def _put_beside(self, data: bytes, name: str, suffix: str) -> str:
        """Where a file of this name is: the same bytes, a part of them, or others."""
        size, is_same = self._compare(name, data)
        if not is_same and size == len(data):  # others: the whole of the bytes makes the name
            name = sha256(data).hexdigest()[:_DIGITS] + suffix
            _, is_same = self._compare(name, data)
        if not is_same:  # a process was killed while it wrote, or still writes
            self._replace(self._path(name), data)
        self._shared.add(name)
        return name

    def _compare(self, name: str, data: bytes) -> tuple[int, bool]:
        """The size of a file (-1: there is none), and whether it holds these bytes."""
        try:
            fd = os.open(self._path(name), os_files.READ | os_files.NO_LINK)
        except FileNotFoundError:
            return -1, False
        with os.fdopen(fd, "rb") as file:
            size = os.fstat(fd).st_size
            return size, size == len(data) and file.read(size + 1) == data

    def _path(self, name: str) -> str:
        return f"{self.folder}{os.sep}{name}"

    def needs_space(self, data: bytes, suffix: str) -> bool:
        """Whether the bytes are not there yet."""
        name = _quick_name(data) + suffix
        return not self._compare(name, data)[1]

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


def _quick_name(data: bytes) -> str:
    """The same for the same bytes, and hardly ever for others, at a small part of SHA-256's cost.

    It is made of the beginning, the end (of a PNG it holds the checksum of its pixels) and some
    bytes between. If a file of this name exists, all bytes are compared.
    """
    size = len(data)
    if size > 4 * _N_BETWEEN:
        ends = data[:_SAMPLE_BYTES], data[-_SAMPLE_BYTES:]
        data = b"".join((size.to_bytes(8, "little"), *ends, data[:: size // _N_BETWEEN]))
    return sha256(data).hexdigest()[:_DIGITS]


def _size_of(folder: str) -> int:
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except OSError:
        return 0
