"""Find which run wrote an event file, if several write below the same folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.tensorboard.event_names import origin_of
from ml_tracking_ops.logger.tensorboard.writers import holds

_PROC = Path("/proc")
_MARKER = f"{paths.RUN_FILE_VARIABLE}=".encode()
_CLOCK_S = 2.0
"""How much older than its run a file may seem: names contain whole seconds."""


class RunProcesses:
    """The processes of one run, and which files are theirs.

    A file is the run's if its name contains the number of one of the run's processes, or if one of
    them has it open. They are known by the environment variable that names the run's `.dat`. What
    the leader wrote is known even after it has ended.
    """

    def __init__(self, pid: int | None, started_at: float, dat_path: str, *, is_own: bool) -> None:
        """Args:
        pid: of the leader, or None if it is no process of this machine.
        started_at: seconds since the epoch.
        is_own: everything in the folder belongs to the run, since it is its own.
        """
        self._pid = pid
        self._started_at = started_at
        self._mark = os.fsencode(dat_path)
        self._is_own = is_own

    def may_own(self, modified_at: float) -> bool:
        """Return whether a file last written then can be this run's at all."""
        return modified_at >= self._started_at - _CLOCK_S

    def owns(self, path: Path) -> bool | None:
        """Return whether the run wrote this file. None means that this is not known yet."""
        if self._is_own:
            return True
        origin = origin_of(path.name)
        if origin is not None and origin.made_at < self._started_at - _CLOCK_S:
            return False
        if origin is not None and origin.pid is not None and origin.host == os_files.host_name():
            if origin.pid == self._pid:
                return True
            mark = _mark_of(origin.pid)
            if mark is not None:
                return mark == self._mark
        return True if any(holds(pid, path) for pid in self._pids()) else None

    def _pids(self) -> Iterator[int]:
        try:
            names = os.listdir(_PROC)  # noqa: PTH208
        except OSError:
            names = []
        for name in names:
            if name.isdecimal() and _mark_of(int(name)) == self._mark:
                yield int(name)


def _mark_of(pid: int) -> bytes | None:
    """Return the `.dat` that a process was started for, empty for a process of no run, None if not
    known."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    for entry in environment.split(b"\0"):
        if entry.startswith(_MARKER):
            return entry.removeprefix(_MARKER)
    return b"" if environment else None
