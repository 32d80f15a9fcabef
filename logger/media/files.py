"""The files that hold media: named after their content, each written once, within a budget.

A file is written under its final name at once. Only a line of the index makes it count, and that
line is written afterwards, so that an unfinished file is never shown.
"""

import os
import struct
import time
from hashlib import sha256
from zlib import crc32

from .. import os_files, paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os_files.BINARY | os_files.NO_LINK
_DIGITS = 32
_SAMPLE_BYTES = 256
_N_BETWEEN = 128
_pack_name = struct.Struct(">QII").pack


class MediaFiles:
    """The media files of one run.

    Attributes:
        folder: absolute, made with the first file.
        used_bytes: of all files in it, as this process knows.
    """

    __slots__ = ("_has_folder", "_inside", "folder", "used_bytes")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._inside = os.path.join(folder, "")
        self._has_folder = False
        self.used_bytes = _size_of(folder)

    def put(self, data: bytes, suffix: str) -> tuple[str, bool]:
        """Write a file, unless one with the same bytes exists.

        Returns:
            its name, and whether it was written by this call.

        Raises:
            OSError: it cannot be written. Nothing is left behind then.
        """
        name = _quick_name(data) + suffix
        if not self._has_folder:
            self._make_folder()
            self._has_folder = True
        try:
            self._write(self._inside + name, data)
        except FileExistsError:
            return self._put_beside(data, name, suffix)
        except FileNotFoundError:
            self._make_folder()
            self._write(self._inside + name, data)
        return name, True

    def restore(self, name: str, data: bytes) -> None:
        """Write a file again that another process has removed since `put` found it.

        Raises:
            OSError: it cannot be written.
        """
        if not os.path.lexists(self._inside + name):
            self._replace(self._inside + name, data)

    def _make_folder(self) -> None:
        """Create the folder. A deleted folder of the log is not created again."""
        own = os.path.dirname(self.folder)
        for folder in (own, self.folder):
            try:
                os.mkdir(folder, paths.FOLDER_MODE)
            except FileExistsError:
                continue

    def _put_beside(self, data: bytes, name: str, suffix: str) -> tuple[str, bool]:
        """Find the place of a file with this name: it exists with the same bytes, or part of them,
        or others."""
        size, is_same = self._compare(name, data)
        if not is_same and size == len(data):  # others: the name is made of all bytes
            name = sha256(data).hexdigest()[:_DIGITS] + suffix
            _, is_same = self._compare(name, data)
        if not is_same:  # a process was killed while writing, or is still writing
            self._replace(self._inside + name, data)
        return name, not is_same

    def _compare(self, name: str, data: bytes) -> tuple[int, bool]:
        """Return the size of a file (-1 if there is none), and whether it holds these bytes."""
        try:
            fd = os.open(self._inside + name, os_files.READ | os_files.NO_LINK)
        except FileNotFoundError:
            return -1, False
        with os.fdopen(fd, "rb") as file:
            size = os.fstat(fd).st_size
            return size, size == len(data) and file.read(size + 1) == data

    def needs_space(self, data: bytes, suffix: str) -> bool:
        """Return whether the bytes are not there yet."""
        name = _quick_name(data) + suffix
        return not self._compare(name, data)[1]

    def remove(self, name: str, needs: "Callable[[str], bool]") -> None:
        """Remove a file, unless another process begins to need it meanwhile.

        It is moved aside first: a process whose line comes too late to be seen by `needs` does not
        find the file any more, and writes it again with `restore`.
        """
        path = self._inside + name
        aside = f"{path}.{os.getpid()}.old"
        try:
            size = os.lstat(path).st_size
            os.rename(path, aside)
            if needs(name):
                os_files.replace(aside, path)
                return
            os.unlink(aside)
        except OSError:
            return
        self.used_bytes -= size

    def discard(self, name: str) -> None:
        """Remove a file that has just been written, and that no line names."""
        self.remove(name, lambda _: False)

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
    """Return a name that depends on the bytes, at a small part of SHA-256's cost.

    It is made of the size, the beginning, the end (in a PNG the checksum of its pixels) and some
    bytes between. If a file of this name exists, all bytes are compared.
    """
    size = len(data)
    ends = crc32(data[-_SAMPLE_BYTES:], crc32(data[:_SAMPLE_BYTES]))
    between = crc32(data[:: size // _N_BETWEEN or 1])
    return _pack_name(size, ends, between).hex()


def _size_of(folder: str) -> int:
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except OSError:
        return 0
