"""Find out whether a process ended by SIGKILL ran out of memory: the kernel counts such kills."""

import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


class MemoryKills:
    """The out-of-memory kills of this process's control group, which its runs belong to.

    Args:
        counter: the file that counts them, in lines of a name and a number.
    """

    def __init__(self, counter: Path | None = None) -> None:
        self._counter = _own_counter() if counter is None else counter
        self._n_known = self._count()

    def take_one(self) -> bool:
        """Return whether there was one more kill than those already returned."""
        now = self._count()
        if now is None or self._n_known is None or now <= self._n_known:
            return False
        self._n_known += 1
        return True

    def _count(self) -> int | None:
        if self._counter is None:
            return None
        try:
            lines = self._counter.read_text().splitlines()
        except OSError:
            return None
        counts = (line.split()[1] for line in lines if line.split()[:1] == ["oom_kill"])
        return next((int(count) for count in counts if count.isdecimal()), None)


def _own_counter() -> Path | None:
    """Return `memory.events` of version 2, `memory.oom_control` of version 1, or the whole
    system's."""
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for group in groups:
        _, controllers, path = [*group.split(":", 2), "", ""][:3]
        inner = path.lstrip("/")
        if not controllers:
            candidates = [_CGROUPS / inner / "memory.events", _CGROUPS / "memory.events"]
        elif "memory" in controllers.split(","):
            folder = _CGROUPS / "memory"
            candidates = [folder / inner / "memory.oom_control", folder / "memory.oom_control"]
        else:
            continue
        for candidate in candidates:
            if os.access(candidate, os.R_OK):
                return candidate
    return Path("/proc/vmstat")
