"""Pass on a run's files from the node where they are written. Standard library only.

Logs grow at their end: each read returns what is new. Any other file is passed on whole, when it
has changed and then not changed for a moment.
"""

import os
import sys
import time

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    class Chunk(NamedTuple):
        """Bytes of a file, to be written at `offset`. `is_last` completes a file that is passed on
        whole."""

        path: str
        offset: int
        data: bytes
        is_last: bool

    Stamp = tuple[int, int, int]
else:
    from collections import namedtuple

    Chunk = namedtuple("Chunk", "path offset data is_last")

GROWING = (".dat", ".log", ".jsonl")
MOST_BYTES = 4 << 20
_PART_BYTES = 1 << 20
_SETTLED_S = 2.0


class Relay:
    """Finds what of the files in a folder is to be passed on.

    Args:
        folder: on this node, where only this run writes.
        stem: the name of the attempt, with which its files begin. Its folder for files may have the
            name of an earlier attempt.
        sizes: how much of growing files was passed on before.
    """

    def __init__(self, folder: str, stem: str, sizes: "dict[str, int]") -> None:
        self._folder = folder
        self._stem = stem
        self._sizes = dict(sizes)
        self._passed: dict[str, Stamp] = {}
        self._partial: dict[str, tuple[Stamp, int]] = {}

    def read(self, *, is_over: bool) -> "list[Chunk]":
        """Return the next bytes, up to `MOST_BYTES` and a part, or nothing if all is passed on.

        Args:
            is_over: nothing is written any more, so there is no need to wait for changes.
        """
        chunks: list[Chunk] = []
        left = MOST_BYTES
        paths = self._find()
        for path in sorted(paths, key=lambda path: not path.endswith(GROWING)):
            while left > 0:
                chunk = self._next(path, is_over=is_over)
                if chunk is None:
                    break
                chunks.append(chunk)
                left -= len(chunk.data)
        return chunks

    def _find(self) -> "list[str]":
        """Return all regular files of the run, in its folders too. Links are not followed."""
        found = []
        for folder, folders, names in os.walk(self._folder):
            below = os.path.relpath(folder, self._folder)
            if below == ".":
                folders[:] = [one for one in folders if one.endswith((".files", ".ray"))]
                names = [one for one in names if one.startswith(self._stem)]
            elif below == ".ray":
                names = [one for one in names if one == f"{self._stem}.processes.jsonl"]
            found += [os.path.normpath(os.path.join(below, name)) for name in names]
        return found

    def _next(self, path: str, *, is_over: bool) -> "Chunk | None":
        try:
            fd = os.open(os.path.join(self._folder, path), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            if path.endswith(GROWING):
                return self._grown(path, fd)
            return self._whole(path, fd, is_over=is_over)
        finally:
            os.close(fd)

    def _grown(self, path: str, fd: int) -> "Chunk | None":
        offset = self._sizes.get(path, 0)
        data = os.pread(fd, _PART_BYTES, offset)
        if not data:
            return None
        self._sizes[path] = offset + len(data)
        return Chunk(path, offset, data, False)

    def _whole(self, path: str, fd: int, *, is_over: bool) -> "Chunk | None":
        found = os.fstat(fd)
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._passed.get(path) == stamp:
            return None
        if not is_over and time.time() - found.st_mtime < _SETTLED_S:
            return None
        before, offset = self._partial.pop(path, (stamp, 0))
        if before != stamp:
            offset = 0
        data = os.pread(fd, _PART_BYTES, offset)
        is_last = offset + len(data) >= found.st_size or not data
        if is_last:
            self._passed[path] = stamp
        else:
            self._partial[path] = (stamp, offset + len(data))
        return Chunk(path, offset, data, is_last)
