"""The names of event files: ``events.out.tfevents.<seconds>.<host>.<process>.<number>``."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

MARK = "tfevents"
_ORIGIN = re.compile(r"tfevents\.(?P<at>\d+)\.(?P<host>.+?)(?:\.(?P<pid>\d+)\.\d+)?(?:\..*)?$")
_NUMBERED = re.compile(r"tfevents\.(?P<at>\d+)\.(?P<host>.+)\.(?P<pid>\d+)\.\d+(?:\.\D.*)?$")


class FileOrigin(NamedTuple):
    """The parts of a name: when, on which host and by which process the file was made."""

    made_at: int
    host: str
    pid: int | None


def is_event_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file has the name of a TensorBoard event file."""
    path = os.fspath(path)
    if MARK not in path:
        return False
    name = os.path.basename(path)
    return MARK in name and not name.startswith(".") and not name.endswith((".dat", ".json"))


def event_files_in_order(names: Iterable[str]) -> list[str]:
    """Return the event files among some names, in the order in which TensorBoard reads them."""
    return sorted(name for name in names if is_event_file(name))


def files_beside(path: str) -> list[str]:
    """Return all event files of the folder of `path`, in their order."""
    folder = os.path.dirname(path)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return []
    return [os.path.join(folder, name) for name in event_files_in_order(names)]


def origin_of(name: str) -> FileOrigin | None:
    """Parse the name of an event file. None if it is not one. Older writers record no process."""
    found = _NUMBERED.search(name) or _ORIGIN.search(name)
    if found is None:
        return None
    pid = found["pid"]
    return FileOrigin(int(found["at"]), found["host"], None if pid is None else int(pid))
