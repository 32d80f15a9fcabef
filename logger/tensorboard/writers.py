"""Find whether a process still writes an event file, from the file's name and `/proc`."""

import os
from pathlib import Path

from .. import os_files
from .event_names import origin_of

_PROC = Path("/proc")


def has_writer(path: Path) -> bool | None:
    """Return whether the process that made an event file still has it open.

    Returns:
        None if not known: the name has no process, it ran on another host, this system has no
        `/proc`, or the process belongs to another user.
    """
    origin = origin_of(path.name)
    if origin is None or origin.pid is None or origin.host != os_files.host_name():
        return None
    if not (_PROC / "self").exists():
        return None
    return holds(origin.pid, path)


def holds(pid: int, path: Path) -> bool | None:
    """Return whether a process has a file open, or None if it belongs to another user."""
    try:
        file = path.stat()
        folder = _PROC / str(pid) / "fd"
        names = os.listdir(folder)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return None
    for name in names:
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        if os_files.file_of(found) == os_files.file_of(file):
            return True
    return False
