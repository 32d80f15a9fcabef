"""CPU time and memory of processes and all their descendants."""

import os
import sys

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_STATE, _PARENT, _GROUP, _USER_TICKS, _SYSTEM_TICKS, _RESIDENT_PAGES = 0, 1, 2, 11, 12, 21
_LOOK_AT_ALL_EVERY = 12


class ProcessUsage:
    """One process. `cpu_s` is what it has used so far, `resident_bytes` what it holds now."""

    __slots__ = ("cpu_s", "group", "parent", "resident_bytes")

    def __init__(self, parent: int, group: int, cpu_s: float, resident_bytes: int) -> None:
        self.parent = parent
        self.group = group
        self.cpu_s = cpu_s
        self.resident_bytes = resident_bytes


class ProcessTrees:
    """Finds the processes that belong to some roots: their descendants, and their groups.

    A process found to belong to none of them is not read again for a while: on a machine with
    thousands of processes reading them all would cost more than a sampler may.
    """

    def __init__(self) -> None:
        self._others: set[int] = set()
        self._n_looks = 0

    def forget(self) -> None:
        """Read every process on the next look: there is a new root."""
        self._others.clear()

    def look(self, roots: "Iterable[int]") -> "dict[int, dict[int, ProcessUsage]]":
        """Return, by root, the processes of its tree by their numbers, or none if a root has
        gone."""
        self._n_looks += 1
        if self._n_looks % _LOOK_AT_ALL_EVERY == 0:
            self._others.clear()
        found = dict(self._read())
        trees = {root: _tree(root, found) for root in roots}
        ours = {pid for tree in trees.values() for pid in tree}
        self._others.update(pid for pid in found if pid not in ours)
        return trees

    def _read(self) -> "Iterator[tuple[int, ProcessUsage]]":
        try:
            names = os.listdir("/proc")
        except OSError:
            yield from _ask_psutil()
            return
        numbers = {int(name) for name in names if name.isdigit()}
        self._others &= numbers
        for pid in numbers - self._others:
            usage = _usage_of(pid)
            if usage is not None:
                yield pid, usage


def _usage_of(pid: int) -> "ProcessUsage | None":
    if sys.platform == "win32":
        return None
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        try:
            fields = os.read(fd, 2048).rpartition(b")")[2].split()
        finally:
            os.close(fd)
        if fields[_STATE] in (b"Z", b"X"):
            return None
        ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
        return ProcessUsage(
            int(fields[_PARENT]),
            int(fields[_GROUP]),
            ticks / os.sysconf("SC_CLK_TCK"),
            int(fields[_RESIDENT_PAGES]) * os.sysconf("SC_PAGE_SIZE"),
        )
    except (OSError, ValueError, IndexError):  # it has ended
        return None


def _ask_psutil() -> "Iterator[tuple[int, ProcessUsage]]":
    """Yield the same from psutil, if installed, on systems without /proc (macOS)."""
    try:
        import psutil
    except ImportError:
        return
    for process in psutil.process_iter(["ppid", "cpu_times", "memory_info"]):
        info = process.info
        if info["cpu_times"] is not None and info["memory_info"] is not None:
            cpu_s = info["cpu_times"].user + info["cpu_times"].system
            yield process.pid, ProcessUsage(info["ppid"] or 0, 0, cpu_s, info["memory_info"].rss)


def _tree(root: int, found: "Mapping[int, ProcessUsage]") -> "dict[int, ProcessUsage]":
    children: dict[int, list[int]] = {}
    for pid, usage in found.items():
        children.setdefault(usage.parent, []).append(pid)
    tree: dict[int, ProcessUsage] = {}
    waiting = [pid for pid, usage in found.items() if pid == root or usage.group == root]
    while waiting:
        pid = waiting.pop()
        if pid not in tree:
            tree[pid] = found[pid]
            waiting.extend(children.get(pid, ()))
    return tree
