"""Detect when a file has changed, and cache what was read from files while they stay the same."""

import contextlib
import os
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ml_tracking_ops.logger.os_files import file_of
from ml_tracking_ops.logger.tensorboard.event_names import files_beside, is_event_file

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Identity(NamedTuple):
    """Differs whenever the content of a file does."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int

    @property
    def file(self) -> tuple[int, int]:
        """Differs only when the path leads to another file."""
        return self.device, self.inode


def identity_of(status: os.stat_result) -> Identity:
    return Identity(*file_of(status), status.st_size, status.st_mtime_ns)


def identify(path: str | Path, *, follow_link: bool = True) -> Identity | None:
    """Return the identity of a file or folder, or None if it does not exist.

    TensorBoard's event files of a folder are one log: its identity changes with any of them.
    """
    try:
        own = identity_of(os.stat(path, follow_symlinks=follow_link))  # noqa: PTH116
    except OSError:
        return None
    return _with_others(os.fspath(path), own) if is_event_file(path) else own


def _with_others(path: str, own: Identity) -> Identity:
    """Return the size of all event files together, and when any of them was last written."""
    size_bytes, modified_ns = own.size_bytes, own.modified_ns
    for other in files_beside(path):
        if other != path:
            with contextlib.suppress(OSError):
                status = os.stat(other, follow_symlinks=False)  # noqa: PTH116
                size_bytes += status.st_size
                modified_ns = max(modified_ns, status.st_mtime_ns)
    return Identity(own.device, own.inode, size_bytes, modified_ns)


@dataclass(frozen=True, slots=True)
class CachedValue(Generic[V]):
    """A value, and the identity that its file had before it was read."""

    identity: Identity | None
    value: V


class FileCache(Generic[K, V]):
    """Values read from files, each valid while its file is unchanged, in bounded memory.

    If a value does not fit, those not used for the longest time are dropped. Any number of threads
    may use it. Two that miss the same value both compute it.

    Args:
        max_size: the most entries to keep or, with `size_of`, the largest sum of their sizes.
        size_of: the size of a value, in bytes, or in the unit of `max_size`.
    """

    def __init__(self, max_size: int, size_of: Callable[[V], int] | None = None) -> None:
        from cachetools import LRUCache  # takes a while: a sweep starts without a cache

        self._size_of = size_of or (lambda value: 1)
        self._known: LRUCache[K, CachedValue[V]] = LRUCache(max_size, self._entry_size)
        self._lock = threading.Lock()

    def get(self, key: K, identity: Identity | None, compute: Callable[[], V]) -> V:
        """Return the value of a file with this identity, after computing and keeping it if
        needed."""
        known = self.latest(key)
        if known is not None and known.identity == identity:
            return known.value
        return self.put(key, identity, compute())

    def find(self, key: K, identity: Identity | None) -> V | None:
        """Return the value of a file with this identity, or None if it is not cached."""
        known = self.latest(key)
        return known.value if known is not None and known.identity == identity else None

    def latest(self, key: K) -> CachedValue[V] | None:
        """Return the value that was kept last, even if the file has changed since."""
        with self._lock:
            return self._known.get(key)

    def put(self, key: K, identity: Identity | None, value: V) -> V:
        """Keep a value unless it is larger than the whole cache, and return it."""
        known = CachedValue(identity, value)
        with self._lock:
            self._known.pop(key, None)
            if self._entry_size(known) <= self._known.maxsize:
                self._known[key] = known
        return value

    def __len__(self) -> int:
        return len(self._known)

    @property
    def size(self) -> int:
        """The sum of the sizes of all values."""
        return int(self._known.currsize)

    def _entry_size(self, known: CachedValue[V]) -> int:
        return self._size_of(known.value)


class FileValue(Generic[V]):
    """The content of one file, read again only when the file has changed.

    Args:
        read: reads the file, which may be missing or damaged.
        missing: the value as long as there has been no file.
    """

    def __init__(self, path: Path, read: Callable[[], V], missing: V) -> None:
        self.path = path
        self._read = read
        self._known = CachedValue(None, missing)

    def read(self) -> V:
        """Return the current value."""
        identity = identify(self.path, follow_link=False)
        if identity != self._known.identity:  # a change during the read is seen the next time
            self._known = CachedValue(identity, self._read())
        return self._known.value
