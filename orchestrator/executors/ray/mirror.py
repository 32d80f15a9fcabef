"""Write what a node passes on into the sweep's folder. It is the only writer of these files
here."""

import os
import sys
from pathlib import Path

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.guarded import open_guarded

from .relay import GROWING, Chunk

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

_PARTIAL = ".partial"


class Mirror:
    """The files of one run.

    Args:
        folder: the sweep's.
        stem: the name of the attempt, with which all its files begin.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder = folder
        self._stem = stem
        self._record = record_path(folder, stem)

    def sizes(self) -> dict[str, int]:
        """Return how much of each growing file is already here."""
        found = {}
        for path in self._own_files():
            if path.name.endswith(GROWING):
                found[str(path.relative_to(self._folder))] = path.lstat().st_size
        return found

    def _own_files(self) -> list[Path]:
        own = [self._record, *(one for one in self._folder.iterdir() if self._is_ours(one.name))]
        below = [one for path in own if path.is_dir() for one in path.rglob("*")]
        return [path for path in (*own, *below) if path.is_file() and not path.is_symlink()]

    def is_record(self, relative: str) -> bool:
        return self._folder / relative == self._record

    def write_all(self, chunks: list[Chunk]) -> None:
        """Write chunks, and remove each from the list once it is written.

        Raises:
            OSError: one cannot be written.
            ValueError: the path of one does not belong to this run.
        """
        while chunks:
            self.write(chunks[0])
            del chunks[0]

    def write(self, chunk: Chunk) -> None:
        """Write a chunk.

        Raises:
            OSError: it cannot be written.
            ValueError: the path does not belong to this run.
        """
        path = self._checked(chunk.path)
        if chunk.path.endswith(GROWING):
            self._put(path, chunk)
            return
        partial = path.with_name(f".{path.name}{_PARTIAL}")
        if chunk.offset == 0:
            partial.unlink(missing_ok=True)
        self._put(partial, chunk)
        if chunk.is_last:
            os_files.replace(str(partial), str(path))

    def _checked(self, relative: str) -> Path:
        parts = Path(relative).parts
        is_ours = bool(parts) and self._is_ours(parts[0]) and ".." not in parts
        if not (is_ours or self.is_record(relative)):
            raise ValueError(f"{relative!r} is no file of {self._stem}")
        return self._folder.joinpath(*parts)

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self._stem) or self._is_run_folder(name)

    def _is_run_folder(self, name: str) -> bool:
        """Return whether a name is that of the folder for files shared by all attempts at the
        run."""
        number = self._stem.partition("_attempt")[0].rpartition("_")[2]
        return name.endswith(f"_{number}{paths.RUN_FOLDER_SUFFIX}")

    def _put(self, path: Path, chunk: Chunk) -> None:
        paths.make_folders(str(path.parent))
        fd = open_guarded(path, os.O_WRONLY | os.O_CREAT)
        try:
            os.lseek(fd, chunk.offset, os.SEEK_SET)
            view = memoryview(chunk.data)
            while view:
                view = view[os.write(fd, view) :]
        finally:
            os.close(fd)


def record_path(folder: Path, stem: str) -> Path:
    """Return the path of an attempt's record, which its runner writes."""
    return folder / paths.RAY_NAME / f"{stem}{paths.RUN_PROCESSES_SUFFIX}"
