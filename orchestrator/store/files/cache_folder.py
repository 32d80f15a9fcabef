"""Files that can be computed again, in a folder of the user's cache that no other user can change.

Each file is written beside its place and renamed, so any number of processes may use a folder at
once, and one that is killed leaves no partial file. After any failure (the folder is read-only, the
disk full, everything deleted) only the files are lost: nothing is kept then.
"""

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ml_tracking_ops.logger import os_files

T = TypeVar("T")

SIZE_VARIABLE = "ML_TRACKING_OPS_CACHE_MB"
"""Environment variable: the size limit, in MB of 10⁶ bytes. 0 keeps nothing."""
DEFAULT_MB = 1_000
_FOLDER_MODE = 0o700
_MARK_EVERY_S = 3600.0
_UNFINISHED_FOR_S = 3600.0
_PAUSE_AFTER_FAILURE_S = 60.0
_KEPT_SHARE = 0.8
_TRIMS_A_BOUND = 16
_UNFINISHED = ".new-"


class CacheFolder:
    """Files by key. Those not used for the longest time are deleted.

    Any number of threads may use it.

    Args:
        folder: created with the first file.
        most_bytes: the limit of all files together, kept to within a sixteenth.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._paused_until = 0.0
        self._until_trim = 0

    def use(self, key: str, read: Callable[[Callable[[int, int], bytes]], T]) -> T | None:
        """Call `read` with a function that reads from the file of a key, or None if there is none.

        Raises:
            everything that `read` raises.
        """
        try:
            fd = os.open(self._place(key), os_files.READ | os_files.NO_LINK)
        except OSError:
            return None
        try:
            found = os.fstat(fd)
            if not _is_trusted(found, stat.S_ISREG):
                return None
            value = read(lambda offset, n_bytes: _read_at(fd, offset, n_bytes, found.st_size))
            if time.time() - found.st_mtime > _MARK_EVERY_S:
                with contextlib.suppress(OSError, NotImplementedError, TypeError):
                    os.utime(fd)  # those not used for the longest time are deleted first
            return value
        except OSError:
            return None
        finally:
            os.close(fd)

    def written_at(self, key: str) -> float | None:
        """Return when the file of a key was written or marked as used, or None if there is none.

        Seconds since the epoch.
        """
        try:
            found = os.lstat(self._place(key))
        except OSError:
            return None
        return found.st_mtime if _is_trusted(found, stat.S_ISREG) else None

    def write(self, key: str, data: bytes) -> bool:
        """Keep a file under a key, and return whether it could be written."""
        if len(data) > self._most_bytes // 4 or time.monotonic() < self._paused_until:
            return False
        try:
            self._write(self._place(key), data)
        except OSError:
            self._paused_until = time.monotonic() + _PAUSE_AFTER_FAILURE_S
            return False
        with self._lock:
            self._until_trim -= len(data)
            is_due = self._until_trim <= 0
            if is_due:
                self._until_trim = self._most_bytes // _TRIMS_A_BOUND
        if is_due:
            self.trim()
        return True

    def remove(self, key: str) -> None:
        """Delete the file of a key, if there is one."""
        with contextlib.suppress(OSError):
            os.unlink(self._place(key))  # noqa: PTH108

    def trim(self) -> None:
        """Delete what was not used for the longest time, until the rest is within the bound."""
        found = sorted(self._files())
        total = sum(size for _, size, _ in found)
        if total <= self._most_bytes:
            return
        for _, size, path in found:
            if total <= self._most_bytes * _KEPT_SHARE:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
            total -= size

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """Yield when each file was last used, its size on disk and its path."""
        with contextlib.suppress(OSError):
            for shard in os.scandir(self.folder):
                if shard.is_dir(follow_symlinks=False):
                    yield from _files_in(shard.path)

    def _place(self, key: str) -> str:
        name = hashlib.blake2b(os.fsencode(key), digest_size=20).hexdigest()
        return os.path.join(self.folder, name[:2], name[2:])  # noqa: PTH118

    def _write(self, place: str, data: bytes) -> None:
        shard = os.path.dirname(place)  # noqa: PTH120
        try:
            fd, unfinished = self._new_file(shard)
        except FileNotFoundError:
            make_private_folder(self.folder)
            os.makedirs(shard, _FOLDER_MODE, exist_ok=True)  # noqa: PTH103
            fd, unfinished = self._new_file(shard)
        try:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(fd, rest) :]
            finally:
                os.close(fd)
            os.replace(unfinished, place)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)  # noqa: PTH108
            raise

    def _new_file(self, shard: str) -> tuple[int, str]:
        name = f"{_UNFINISHED}{os.urandom(8).hex()}"  # another namespace: process numbers differ
        path = os.path.join(shard, name)  # noqa: PTH118
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os_files.BINARY | os_files.NO_LINK
        return os.open(path, flags, 0o600), path


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can read, unless it exists.

    Raises:
        OSError: it cannot be made. PermissionError if others own it or can write in it.
    """
    with contextlib.suppress(FileNotFoundError):
        if _is_trusted(os.lstat(folder), stat.S_ISDIR):
            return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(_FOLDER_MODE)
    if not _is_trusted(os.lstat(folder), stat.S_ISDIR):
        raise PermissionError(f"{folder} can be changed by other users")


def _is_trusted(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Return whether only this user can have written it."""
    user = os_files.user_id()
    if not is_kind(found.st_mode):
        return False
    return user is None or (found.st_uid == user and not found.st_mode & 0o022)


def _files_in(shard: str) -> Iterator[tuple[float, int, str]]:
    long_ago = time.time() - _UNFINISHED_FOR_S
    with contextlib.suppress(OSError):
        for entry in os.scandir(shard):
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                if entry.name.startswith(_UNFINISHED) and found.st_mtime < long_ago:
                    os.unlink(entry.path)  # noqa: PTH108
                    continue
                on_disk = max(found.st_size, getattr(found, "st_blocks", 0) * 512)
                yield found.st_mtime, on_disk, entry.path


def _read_at(fd: int, offset: int, n_bytes: int, size_bytes: int) -> bytes:
    n_there = max(0, min(n_bytes, size_bytes - offset))
    return os_files.pread(fd, n_there, offset) if n_there else b""


def user_cache(name: str) -> CacheFolder | None:
    """Return a folder of this user's cache, or None if nothing is to be kept, or not safely."""
    try:
        most_mb = float(os.environ.get(SIZE_VARIABLE, DEFAULT_MB))
    except ValueError:
        most_mb = DEFAULT_MB
    if not most_mb > 0:
        return None
    import platformdirs

    top = Path(platformdirs.user_cache_dir("ml-tracking-ops", appauthor=False))
    try:
        make_private_folder(top)
    except OSError:
        if not _is_readable(top):
            return None
    return CacheFolder(top / name, int(min(most_mb, 1e9) * 1e6))


def _is_readable(top: Path) -> bool:
    """Return whether a read-only folder holds what this user wrote."""
    try:
        return _is_trusted(os.lstat(top), stat.S_ISDIR)
    except OSError:
        return False
