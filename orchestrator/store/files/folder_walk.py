"""Search the folders of a log folder. Those that have not changed are not read again."""

import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.os_files import file_of

from . import fields

DEEPEST = 6
MOST_ENTRIES = 200_000
MOST_FOLDERS = 100_000
_SETTLED_NS = 3_000_000_000
_FEW = 8


@dataclass(frozen=True)
class SkippedFolder:
    """A folder that was not searched, relative to the log folder, and why."""

    path: str
    why: str


def describe_skipped(skipped: list[SkippedFolder]) -> str | None:
    """Return one sentence: "Not looked into: 2 folders (deeper than 6 levels: a/b), …", or None."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The content of a folder: the same object as long as the folder has not changed.

    Attributes:
        names: of the files.
        inner: path and id of the folders to search.
        links: names of links to folders.
        skipped: folders in it that are not searched.
    """

    identity: str
    file: tuple[int, int]
    modified_ns: int
    names: Collection[str]
    inner: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    skipped: tuple[SkippedFolder, ...]


class Listings:
    """The known listings of folders, from one look to the next.

    A folder's modification time changes with the names in it. One that has just changed may change
    again at the same moment of the file system's clock, so it is not trusted for some seconds.
    """

    def __init__(self) -> None:
        self._known: dict[str, Listing] = {}
        self._now_ns = 0

    def begin(self) -> None:
        """Begin a look at all folders."""
        self._now_ns = time.time_ns()

    def find(self, folder: str, identity: str, found: os.stat_result) -> Listing | None:
        """Return the content of a folder with this status, or None if it has to be read."""
        known = self._known.get(folder)
        if (
            known is None
            or known.modified_ns != found.st_mtime_ns
            or known.file != file_of(found)
            or known.identity != identity
        ):
            return None
        return known

    def keep(self, folder: str, listing: Listing, *, is_settled: bool) -> Listing:
        """Remember a folder if it is settled and has not just changed, and return the listing."""
        if is_settled and listing.modified_ns + _SETTLED_NS < self._now_ns:
            self._known[folder] = listing
        else:
            self._known.pop(folder, None)
        return listing

    def __len__(self) -> int:
        return len(self._known)


@dataclass
class FolderWalk:
    """One look at all folders below a log folder.

    A folder is visited once, however many links lead to it, so links cannot make a loop.
    """

    most_entries: int = MOST_ENTRIES
    most_folders: int = MOST_FOLDERS
    listings: Listings = field(default_factory=Listings)
    skipped: list[SkippedFolder] = field(default_factory=list)
    _visited: set[tuple[int, int]] = field(default_factory=set)
    _links: list[tuple[str, str, int]] = field(default_factory=list)

    def folders(self, top: str) -> Iterator[tuple[str, str, Listing]]:
        """Yield every folder as seen from the first one, its path, and its content.

        Behind a link the path is the one that the link leads to.
        """
        self.listings.begin()
        yield from self._walk(top, "", 0)
        while self._links:
            path, identity, depth = self._links.pop(0)
            yield from self._walk(os.path.realpath(path), identity, depth)

    def _rest(self) -> str:
        return f"the rest of more than {self.most_entries} files"

    def _walk(self, folder: str, identity: str, depth: int) -> Iterator[tuple[str, str, Listing]]:
        waiting = [(folder, identity, depth)]
        while waiting:
            folder, identity, depth = waiting.pop()
            listing = self._look(folder, identity, depth)
            if listing is None:
                continue
            yield identity or ".", folder, listing
            if paths.DESCRIPTION_NAME in listing.names:
                continue
            if listing.skipped:
                self.skipped.extend(listing.skipped)
            for name in listing.links:
                path = os.path.join(folder, name)  # noqa: PTH118
                self._links.append((path, _inner(identity, name), depth + 1))
            for path, inner in reversed(listing.inner):
                waiting.append((path, inner, depth + 1))

    def _look(self, folder: str, identity: str, depth: int) -> Listing | None:
        try:
            found = os.stat(folder)  # noqa: PTH116
            file = file_of(found)
            if file in self._visited:
                return None
            if len(self._visited) >= self.most_folders:
                self._skip(identity or ".", f"more than {self.most_folders} folders")
                return None
            known = self.listings.find(folder, identity, found)
            self._visited.add(file if known is None else known.file)
            return known or self._read(folder, identity, depth, found)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._skip(identity or ".", (error.strerror or str(error)).lower())
            return None

    def _read(self, folder: str, identity: str, depth: int, found: os.stat_result) -> Listing:
        names: set[str] = set()
        folders: list[str] = []
        links: list[str] = []
        is_settled = True
        with os.scandir(folder) as entries:
            for n_entries, entry in enumerate(entries):
                if n_entries >= self.most_entries:
                    self._skip(identity or ".", self._rest())
                    names.update(_names_that_count(folder))
                    is_settled = False
                    break
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    names.add(entry.name)
                elif entry.is_symlink():
                    is_settled = False  # it may lead elsewhere tomorrow
                    if entry.is_dir():
                        links.append(entry.name)
        skipped: list[SkippedFolder] = []
        wanted = _wanted(_not_of_runs(folders, names), identity, depth, skipped)
        inner = [(f"{folder}{os.sep}{name}", _inner(identity, name)) for name in wanted]
        listing = Listing(
            identity,
            file_of(found),
            found.st_mtime_ns,
            tuple(names) if len(names) <= _FEW else frozenset(names),
            tuple(inner),
            tuple(_wanted(links, identity, depth, skipped)) if links else (),
            tuple(skipped),
        )
        return self.listings.keep(folder, listing, is_settled=is_settled)

    def _skip(self, path: str, why: str) -> None:
        self.skipped.append(SkippedFolder(path, why))


def _not_of_runs(folders: list[str], names: set[str]) -> list[str]:
    """Return the folders except those with the files of a run whose log is beside them."""
    suffix = paths.RUN_FOLDER_SUFFIX
    return [
        name
        for name in folders
        if not name.endswith(suffix)
        or f"{name.removesuffix(suffix)}{paths.DAT_SUFFIX}" not in names
    ]


def _wanted(
    names: list[str], identity: str, depth: int, skipped: list[SkippedFolder]
) -> Iterator[str]:
    """Yield those of some folders that are searched. The others are added to `skipped`."""
    for name in names:
        if name.startswith("."):
            if not name.startswith(".deleted-"):
                skipped.append(SkippedFolder(_inner(identity, name), "hidden"))
        elif depth >= DEEPEST:
            why = f"deeper than {DEEPEST} levels"
            skipped.append(SkippedFolder(_inner(identity, name), why))
        else:
            yield name


def _names_that_count(folder: str) -> list[str]:
    """Return the names that identify a folder, in whatever order the system lists them."""
    names = (paths.DESCRIPTION_NAME, paths.ANNOTATIONS_NAME)
    return [name for name in names if os.path.lexists(os.path.join(folder, name))]  # noqa: PTH118


def _inner(identity: str, name: str) -> str:
    """Return the id of a folder in a folder. An id can be sent for any bytes of the name."""
    shown = fields.printable(name)
    return f"{identity}/{shown}" if identity else shown
