"""Open files of a log folder, where others may put links in the place of files and folders.

Below a folder that was named with `guard_folder`, each part of a path is opened from the folder
before it, and none may be a link. So what is opened is in the folder, even if something is renamed
meanwhile. The guarded folder itself may be reached through links, since the user named it.
Elsewhere only the last part must not be a link.
"""

import os

from . import os_files
from .paths import FILE_MODE

READ = os_files.READ

_guarded: set[str] = set()
_places: dict[str, tuple[str, tuple[str, ...]]] = {}
_MOST_PLACES = 1_000


def guard_folder(folder: str | os.PathLike[str]) -> None:
    """Refuse links below `folder` from now on."""
    _guarded.add(os.path.abspath(folder))
    _places.clear()


def open_guarded(path: str | os.PathLike[str], flags: int, mode: int = FILE_MODE) -> int:
    """Open a file. Neither it nor, below a guarded folder, the folders above it may be links.

    Raises:
        OSError: it cannot be opened. `ELOOP` or `ENOTDIR` if there is a link.
    """
    top, names = _split(path)
    if top is None or not names:
        return os_files.open_without_link(path, flags, mode)
    fd = os.open(top, os_files.FOLDER)
    try:
        for name in names[:-1]:
            inner = os.open(name, os_files.FOLDER | os_files.NO_LINK, dir_fd=fd)
            os.close(fd)
            fd = inner
        return os.open(names[-1], flags | os_files.NO_LINK, mode, dir_fd=fd)
    except OSError as error:
        error.filename = os.fspath(path)  # the name alone does not say where the file is
        raise
    finally:
        os.close(fd)


def open_folder(path: str | os.PathLike[str]) -> int:
    """Open a folder, as `open_guarded` opens a file. A guarded folder itself may be a link."""
    top, names = _split(path)
    if top is not None and not names:
        return os.open(top, os_files.FOLDER)
    return open_guarded(path, os_files.FOLDER)


def _split(path: str | os.PathLike[str]) -> tuple[str | None, list[str]]:
    """Return the guarded folder that a path is in, and the names below it."""
    if not _guarded or not os_files.CAN_OPEN_FOLDERS:
        return None, []
    whole = os.path.abspath(path)
    if whole in _guarded:
        return whole, []
    folder, name = os.path.split(whole)
    top, names = _place_of(folder)
    return (None, []) if top is None else (top, [*names, name])


def _place_of(folder: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the guarded folder that a folder is in, and the names below it."""
    known = _places.get(folder)
    if known is not None:
        return known
    top: str = folder
    names: tuple[str, ...] = ()
    while top not in _guarded:
        above, name = os.path.split(top)
        if above == top:
            return None, ()
        top, names = above, (name, *names)
    if len(_places) >= _MOST_PLACES:
        _places.clear()
    _places[folder] = top, names
    return top, names
