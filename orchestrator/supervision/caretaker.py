"""Processes after their start: reaped, kept within limits, and removed with what they leave.

A process is not reaped before its group has been signalled, so that the group's number cannot have
been reused meanwhile.
"""

import sys
import time

from .child import LEFTOVER_GRACE_S, Process
from .os_processes import (
    ASK_TO_END,
    SIGCONT,
    SIGKILL,
    next_exited,
    reap,
    signal_group,
    signal_processes,
)
from .process_table import environment_of, is_group_alive, living_children

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal

_NAMED_AFTER_S = 0.25
_LOOK_S = 0.25
_CLEARING_LOOK_S = 0.02
_WRITE_FOR_S = 600.0


class Caretaker:
    """Looks after processes that this one has started, from `add` until none of them is left.

    Attributes:
        processes: those that are not cleared away yet, by number.
        may_have_orphans: whether to look for daemons of processes that are over.
    """

    def __init__(self) -> None:
        self.processes: dict[int, Process] = {}
        self.may_have_orphans = False
        self._ended_markers: set[bytes] = set()
        self._orphans: dict[int, float] = {}
        self._grace_s = LEFTOVER_GRACE_S
        self._look_at = 0.0

    def add(self, process: Process) -> None:
        self.processes[process.pid] = process

    def timeout_ms(self, *, may_sleep: bool) -> float | None:
        """Return how long to wait for an event before the next `tend`.

        None means until there is one.
        """
        if any(not process.is_reported for process in self._ended()):
            return _CLEARING_LOOK_S * 1000
        is_idle = may_sleep and not self.processes and not self.may_have_orphans
        return None if is_idle else _LOOK_S * 1000

    def tend(self) -> None:
        """Do what is due."""
        self._reap()
        for process in self._ended():
            self._clear_away(process)
        if time.monotonic() >= self._look_at:
            self._look()

    def _ended(self) -> list[Process]:
        return [p for p in self.processes.values() if p.exit_code is not None]

    def send(self, pid: int, number: "signal.Signals") -> None:
        """Signal the group of a process that was added."""
        process = self.processes.get(pid)
        if process is not None and process.exit_code is None:
            process.is_terminated |= number not in (SIGCONT, SIGKILL)
            signal_group(pid, number)
        elif process is not None and number == SIGKILL:
            process.ended_at = 0.0  # what it left behind has no more grace period

    def _reap(self) -> None:
        while (exited := next_exited()) is not None:
            pid, exit_code = exited
            process = self.processes.get(pid)
            if process is not None and process.exit_code is None:
                if not process.is_terminated:  # processes left in its group, mostly none
                    signal_group(pid, *ASK_TO_END)
                process.end(exit_code)
            reap(pid)

    def _clear_away(self, process: Process) -> None:
        """End what a process has left in its group. Report it once nothing is left."""
        waited_s = time.monotonic() - process.ended_at
        if not process.is_reported and is_group_alive(process.pid):
            if waited_s > _NAMED_AFTER_S:
                process.name_leftovers()
            if waited_s > process.grace_s:
                signal_group(process.pid, SIGKILL)
            return
        if not process.is_reported:
            process.report()
            self._grace_s = process.grace_s
            self._ended_markers.add(process.marker)
            self.may_have_orphans = True
        process.flush()
        if not process.unwritten or waited_s > _WRITE_FOR_S:
            process.close()
            del self.processes[process.pid]

    def _look(self) -> None:
        """Do what is not urgent: cut output without end, and end daemons that left their group."""
        self._look_at = time.monotonic() + _LOOK_S
        for process in self.processes.values():
            process.limit_output()
        if self.may_have_orphans:
            self._clear_orphans()

    def _clear_orphans(self) -> None:
        """End the daemons of processes that are over: they became children of this one."""
        found = [pid for pid in living_children() if pid not in self.processes]
        orphans = [pid for pid in found if self._is_over(environment_of(pid))]
        self._orphans = {pid: self._orphans.get(pid, time.monotonic()) for pid in orphans}
        for pid, since in self._orphans.items():
            is_late = time.monotonic() > since + self._grace_s
            signal_processes([pid], *((SIGKILL,) if is_late else ASK_TO_END))
        self.may_have_orphans = bool(orphans)

    def _is_over(self, environment: frozenset[bytes]) -> bool:
        """Return whether an orphan with this environment belongs to no process that continues."""
        going = {p.marker for p in self.processes.values() if p.exit_code is None}
        if environment & going:
            return False
        return bool(environment & self._ended_markers) or not going
