"""The files in a run's own folder: listed up to a limit, opened without following a link.

The folder of logged images and the like is left out: they are shown separately.
"""

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ml_tracking_ops.logger.media.kinds import FOLDER_NAME as MEDIA_FOLDER

from .open_folder import OpenFolder, opened_folder

MOST_FILES = 1_000
_MOST_ENTRIES = 20_000
_DEEPEST = 16


@dataclass(frozen=True)
class RunFile:
    """A file of a run. `path` is relative to the run's folder, with `/` between its parts."""

    path: str
    size_bytes: int
    modified_at: float


@dataclass(frozen=True)
class RunFileList:
    """The files of a run, in the order of their paths.

    Attributes:
        is_whole: whether there are no others. A folder of very many files is not read to its end.
    """

    files: tuple[RunFile, ...] = ()
    is_whole: bool = True


NO_FILES = RunFileList()


def list_files(folder: Path | None, most_files: int = MOST_FILES) -> RunFileList:
    """Return the regular files below a run's folder. Links are left out, and never followed."""
    if folder is None:
        return NO_FILES
    look = _Look()
    with contextlib.suppress(OSError), opened_folder(folder) as opened:
        look.at(opened, "", 0)
    files = sorted(look.files, key=lambda file: file.path.split("/"))
    return RunFileList(tuple(files[:most_files]), look.is_whole and len(files) <= most_files)


def has_files(folder: Path | None) -> bool:
    """Return whether anything is in a run's folder."""
    if folder is None:
        return False
    with contextlib.suppress(OSError), opened_folder(folder) as opened:
        return any(name != MEDIA_FOLDER for name in opened.names())
    return False


class _Look:
    """One look at a folder and those below it."""

    def __init__(self) -> None:
        self.files: list[RunFile] = []
        self.is_whole = True
        self._n_entries = 0

    def at(self, folder: OpenFolder, prefix: str, depth: int) -> None:
        for name in sorted(folder.names()):
            if depth == 0 and name == MEDIA_FOLDER:
                continue
            self._n_entries += 1
            if self._n_entries > _MOST_ENTRIES:
                self.is_whole = False
                return
            with contextlib.suppress(OSError):  # it was deleted while we looked
                self._take_in(folder, name, prefix, depth)

    def _take_in(self, folder: OpenFolder, name: str, prefix: str, depth: int) -> None:
        status = folder.look(name)
        if stat.S_ISREG(status.st_mode):
            self.files.append(RunFile(prefix + name, status.st_size, status.st_mtime))
        elif stat.S_ISDIR(status.st_mode):
            if depth >= _DEEPEST:
                self.is_whole = False
                return
            with folder.inner(name) as inner:
                self.at(inner, f"{prefix}{name}/", depth + 1)


def open_file(folder: Path, path: str) -> int | None:
    """Return a descriptor of a regular file below a run's folder, or None if there is none of this
    path.

    Neither the folder nor any part of the path may be a link.
    """
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") or os.sep in part for part in parts):
        return None
    try:
        fd = _open_below(folder, parts)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def _open_below(folder: Path, parts: list[str]) -> int:
    """Open a file below a folder without following links.

    Raises:
        OSError: it cannot be opened, or there is a link on the way.
    """
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(opened_folder(folder))
        for part in parts[:-1]:
            opened = stack.enter_context(opened.inner(part))
        return opened.open(parts[-1])


def suffix_of(path: str) -> str:
    """Return the suffix of a file's name, in lower case: `.png`."""
    return PurePosixPath(path).suffix.lower()
