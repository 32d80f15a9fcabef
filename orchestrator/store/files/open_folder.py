"""Write and remove in a folder that is held open, even if it is replaced meanwhile.

Names are looked up in the open folder only, and no link is followed.
"""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.guarded import READ, open_folder, open_guarded
from ml_tracking_ops.logger.paths import FILE_MODE, FOLDER_MODE

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os_files.BINARY


class OpenFolder:
    """A folder by its descriptor, or by its path on systems without one (Windows)."""

    def __init__(self, path: Path, fd: int | None) -> None:
        self.path = path
        self.fd = fd

    def status(self) -> os.stat_result:
        return os.stat(self._here) if self.fd is None else os.fstat(self.fd)  # noqa: PTH116

    @property
    def _here(self) -> Path | int:
        return self.path if self.fd is None else self.fd

    def _name(self, name: str) -> str:
        """Return a name for use with `dir_fd`, checked not to lead elsewhere."""
        if name in ("", ".", "..") or "/" in name or os.sep in name or "\0" in name:
            raise ValueError(f"{name!r} is not a file name")
        return name if self.fd is not None else os.fspath(self.path / name)

    def names(self) -> list[str]:
        return os.listdir(self._here)  # noqa: PTH208

    def look(self, name: str) -> os.stat_result:
        """Return the status of a name. For a link, that of the link itself."""
        return os.stat(self._name(name), dir_fd=self.fd, follow_symlinks=False)

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return the beginning of a regular file.

        Raises:
            OSError: it is missing, a link, or no regular file.
        """
        fd = self.open(name)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(f"{self.path / name}: it is not a regular file")
            return file.read(most_bytes)

    def open(self, name: str) -> int:
        """Return a descriptor for reading a name, which may be anything but a link.

        Raises:
            OSError: it is missing, or a link.
        """
        if self.fd is None:
            return open_guarded(self.path / name, READ)
        return os.open(self._name(name), READ | os_files.NO_LINK, dir_fd=self.fd)

    def write(self, name: str, text: str, mode: int = FILE_MODE) -> None:
        """Write a file with this text, or replace it, as a whole or not at all.

        Raises:
            OSError: it cannot be written. No part of it remains.
        """
        temporary = f".{name[:200]}.{secrets.token_hex(8)}.tmp"
        fd = os.open(self._name(temporary), _CREATE | os_files.NO_LINK, mode, dir_fd=self.fd)
        try:
            with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(fd)
            self.rename(temporary, name)
        except BaseException:
            with contextlib.suppress(OSError):
                self.unlink(temporary)
            raise

    def rename(self, name: str, new_name: str) -> None:
        os_files.replace(self._name(name), self._name(new_name), in_folder=self.fd)

    def unlink(self, name: str) -> None:
        os.unlink(self._name(name), dir_fd=self.fd)

    def remove_tree(self, name: str) -> None:
        """Remove a folder with all that is in it. Links in it are removed, not followed.

        Raises:
            OSError: it cannot be removed, or is a link.
        """
        if self.fd is None:
            shutil.rmtree(self.path / name)
        else:
            shutil.rmtree(self._name(name), dir_fd=self.fd)

    def make_folder(self, name: str, mode: int = FOLDER_MODE) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkdir(self._name(name), mode, dir_fd=self.fd)

    @contextlib.contextmanager
    def inner(self, name: str) -> Iterator["OpenFolder"]:
        """Open a folder in this one.

        Raises:
            OSError: it is missing, a link, or no folder.
        """
        if self.fd is None:
            with opened_folder(self.path / name) as found:
                yield found
            return
        fd = os.open(self._name(name), os_files.FOLDER | os_files.NO_LINK, dir_fd=self.fd)
        try:
            yield OpenFolder(self.path / name, fd)
        finally:
            os.close(fd)

    def require_owner(self, owner: int) -> None:
        """Refuse what another user has put in the place of a folder.

        Raises:
            PermissionError: neither `owner`, nor this process's user, nor root owns it.
        """
        user = os_files.user_id()
        if user is not None and self.status().st_uid not in (owner, user, 0):
            raise PermissionError(f"{self.path} belongs to another user")


@contextlib.contextmanager
def opened_folder(path: Path) -> Iterator[OpenFolder]:
    """Open a folder (see `logger.guarded`).

    Raises:
        OSError: it is missing, there is a link in its place, or it is no folder.
    """
    if not os_files.CAN_OPEN_FOLDERS:
        if path.is_symlink() or not path.is_dir():
            raise NotADirectoryError(f"{path} is not a folder")
        yield OpenFolder(path, None)
        return
    fd = open_folder(path)
    try:
        yield OpenFolder(path, fd)
    finally:
        os.close(fd)
