"""Which folders of a log folder are looked into, and which of their files are logs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.reading.source import is_log

from . import fields
from .identities import FileCache, identity_of

DEEPEST = 6
MOST_ENTRIES = 200_000
MOST_FOLDERS = 100_000
_MOST_KNOWN = 100_000


@dataclass(frozen=True)
class SkippedFolder:
    """A folder that was not looked into, relative to the log folder, and why."""

    path: str
    why: str


def describe_skipped(skipped: list[SkippedFolder]) -> str | None:
    """One sentence: "Not looked into: 2 folders (deeper than 6 levels: a/b), …"; or None."""
    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(one.why, []).append(one.path)
    if not by_reason:
        return None
    parts = [
        f"{len(found)} {'folder' if len(found) == 1 else 'folders'} ({why}: {_some(found)})"
        for why, found in by_reason.items()
    ]
    return f"Not looked into: {', '.join(parts)}"


def _some(found: list[str]) -> str:
    return ", ".join(found[:3]) + (", …" if len(found) > 3 else "")


@dataclass
class FolderWalk:
    """One look at all folders below a log folder.

    A folder is visited once, however many links lead to it, so links cannot make a loop.
    """

    most_entries: int = MOST_ENTRIES
    most_folders: int = MOST_FOLDERS
    skipped: list[SkippedFolder] = field(default_factory=list)
    _visited: set[tuple[int, int]] = field(default_factory=set)
    _links: list[tuple[str, str, int]] = field(default_factory=list)

    def folders(self, top: str) -> Iterator[tuple[str, str, set[str]]]:
        """Every folder as seen from the first one, its path, and the names of the files in it.

        Behind a link the path is the one that the link leads to.
        """
        yield from self._walk(top, "", 0)
        while self._links:
            path, identity, depth = self._links.pop(0)
            yield from self._walk(os.path.realpath(path), identity, depth)

    def _rest(self) -> str:
        return f"the rest of more than {self.most_entries} files"

    # Names as text: of a thousand folders most of the time would go into making `Path`s.
    def _walk(self, folder: str, identity: str, depth: int) -> Iterator[tuple[str, str, set[str]]]:
        names: set[str] = set()
        folders: list[str] = []
        links: list[str] = []
        try:
            with os.scandir(folder) as entries:
                file = identity_of(os.stat(folder)).file  # noqa: PTH116
                if file in self._visited:
                    return
                if len(self._visited) >= self.most_folders:
                    self._skip(identity or ".", f"more than {self.most_folders} folders")
                    return
                self._visited.add(file)
                for n_entries, entry in enumerate(entries):
                    if n_entries >= self.most_entries:
                        self._skip(identity or ".", self._rest())
                        names.update(_names_that_count(folder))
                        break
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        names.add(entry.name)
                    elif entry.is_symlink() and entry.is_dir():
                        links.append(entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            self._skip(identity or ".", (error.strerror or str(error)).lower())
            return
        yield identity or ".", folder, names
        if paths.DESCRIPTION_NAME not in names:
            self._links.extend(
                (os.path.join(folder, name), _inner(identity, name), depth + 1)  # noqa: PTH118
                for name in self._wanted(links, identity, depth)
            )
            for name in self._wanted(folders, identity, depth):
                inner = os.path.join(folder, name)  # noqa: PTH118
                yield from self._walk(inner, _inner(identity, name), depth + 1)

    def _wanted(self, names: list[str], identity: str, depth: int) -> Iterator[str]:
        for name in names:
            if name.startswith("."):
                if not name.startswith(".deleted-"):
                    self._skip(_inner(identity, name), "hidden")
            elif depth >= DEEPEST:
                self._skip(_inner(identity, name), f"deeper than {DEEPEST} levels")
            else:
                yield name

    def _skip(self, path: str, why: str) -> None:
        self.skipped.append(SkippedFolder(path, why))


def _names_that_count(folder: str) -> list[str]:
    """The names that say what a folder is, wherever the system lists them."""
    names = (paths.DESCRIPTION_NAME, paths.ANNOTATIONS_NAME)
    return [name for name in names if os.path.lexists(os.path.join(folder, name))]  # noqa: PTH118


def _inner(identity: str, name: str) -> str:
    """The id of a folder in a folder; an id can be sent, whatever the bytes of the name are."""
    shown = fields.printable(name)
    return f"{identity}/{shown}" if identity else shown


@dataclass
class KnownLogs:
    """Which `.dat` files are logs. A log stays one; another file is looked at when it changed."""

    _files: FileCache[str, bool] = field(default_factory=lambda: FileCache(_MOST_KNOWN))

    def is_log(self, path: str) -> bool:
        """Whether this file is a log, or cannot be read: then its page says why."""
        known = self._files.latest(path)
        if known is not None and known.value:
            return True
        try:
            identity = identity_of(os.stat(path))  # noqa: PTH116
            return self._files.get(path, identity, lambda: is_log(path))
        except OSError:
            return True
