"""The kernel's file events of a folder and of all folders below it (Linux), without a thread.

The descriptor becomes readable when something happened, so an event loop waits for it as for a
socket: between events nothing runs at all.
"""

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterator

_MODIFY, _CLOSED_WRITTEN, _MOVED_FROM, _MOVED_TO = 0x2, 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_OVERFLOW, _IGNORED, _IS_FOLDER = 0x4000, 0x8000, 0x4000_0000
_ONLY_FOLDERS, _NO_LINKS = 0x0100_0000, 0x0200_0000
_WATCHED = (
    _MODIFY | _CLOSED_WRITTEN | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF
    | _MOVE_SELF | _ONLY_FOLDERS
)  # fmt: skip
_EVENT = struct.Struct("iIII")
_BUFFER_BYTES = 1 << 16
_GONE = (FileNotFoundError, NotADirectoryError, PermissionError)
"""Gone again before it was looked at, a link, or not ours to see."""


class Inotify:
    """Watches `folder` and what is below it; links below it are not followed.

    A folder that appears is watched once it was handed to `add`, which says what it found in it:
    that may have come before the watch did.

    Raises:
        OSError: the kernel gives no more watches, or the folder is gone.
    """

    def __init__(self, folder: str) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), folder)
        self._folders: dict[int, str] = {}
        self.new_folders: list[str] = []
        try:
            self._watch(folder, 0)
            self._add_below(folder)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)

    def read(self) -> set[str] | None:
        """The paths in which something happened since the last call; does not wait.

        `None` where the kernel dropped events: anything may have happened. Folders that appeared
        are left in `new_folders`, for `add`.
        """
        changed: set[str] = set()
        has_dropped = False
        for watch, mask, name in self._events():
            has_dropped |= bool(mask & _OVERFLOW)
            folder = self._folders.get(watch)
            if folder is None:
                continue
            if mask & _IGNORED:
                del self._folders[watch]
                continue
            path = f"{folder}/{name}" if name else folder
            changed.add(path)
            if mask & _IS_FOLDER and mask & (_CREATE | _MOVED_TO):
                self.new_folders.append(path)
            elif mask & _IS_FOLDER and mask & _MOVED_FROM:
                self._forget(path)
        return None if has_dropped else changed

    def add(self) -> set[str]:
        """Watch the folders that appeared; what is in them already."""
        found: set[str] = set()
        while self.new_folders:
            path = self.new_folders.pop()
            if self._watch_new(path):
                found |= self._add_below(path)
        return found

    def _watch(self, path: str, flags: int) -> None:
        watch = self._libc.inotify_add_watch(self._fd, os.fsencode(path), _WATCHED | flags)
        self._folders[_checked(watch, path)] = path

    def _add_below(self, folder: str) -> set[str]:
        """Watch every folder below one; all that is there."""
        found: set[str] = set()
        folders = [folder]
        while folders:
            with contextlib.suppress(*_GONE), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    found.add(entry.path)
                    if entry.is_dir(follow_symlinks=False) and self._watch_new(entry.path):
                        folders.append(entry.path)
        return found

    def _watch_new(self, path: str) -> bool:
        """Watch a folder below, unless it is gone again; whether it is watched."""
        with contextlib.suppress(*_GONE):
            self._watch(path, _NO_LINKS)
            return True
        return False

    def _forget(self, path: str) -> None:
        """A folder has been moved away, and its watch would go with it."""
        inside = f"{path}/"
        for watch, folder in list(self._folders.items()):
            if folder == path or folder.startswith(inside):
                del self._folders[watch]
                self._libc.inotify_rm_watch(self._fd, watch)

    def _events(self) -> Iterator[tuple[int, int, str]]:
        while True:
            try:
                data = os.read(self._fd, _BUFFER_BYTES)
            except BlockingIOError:
                return
            place = 0
            while place < len(data):
                watch, mask, _, length = _EVENT.unpack_from(data, place)
                place += _EVENT.size + length
                name = data[place - length : place].rstrip(b"\0")
                yield watch, mask, os.fsdecode(name)
            if len(data) < _BUFFER_BYTES // 2:
                return


def _checked(result: int, path: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return result
