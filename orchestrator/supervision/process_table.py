"""What the system says of processes: which live, in which group, since when, for which run."""

import contextlib
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STATE, _PARENT, _GROUP, _STARTED = 0, 1, 2, 19
_DEAD = "ZX"


def process_identity(pid: int, *, is_zombie_too: bool = False) -> str | None:
    """What tells a process from a later one with the same number; None where there is none.

    On Linux the boot and the tick at which it started, which no change of the clock alters.
    """
    fields = _stat_fields(str(pid))
    if fields is not None:
        if fields[_STATE] in _DEAD and not is_zombie_too:
            return None
        with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:  # noqa: PTH123
            return f"{file.read().strip()}:{fields[_STARTED]}"
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110
        return None
    return _start_of(pid)


def _start_of(pid: int) -> str | None:
    import subprocess

    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    started = subprocess.run(command, capture_output=True, text=True, check=False)
    return started.stdout.strip() or None


def signal_group(group: int, *numbers: signal.Signals) -> None:
    """Signal a process group, if there still is one."""
    for number in numbers:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def signal_processes(pids: "Iterable[int]", *numbers: signal.Signals) -> None:
    """Signal those of these processes that are still there."""
    for pid in pids:
        for number in numbers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def is_group_alive(group: int) -> bool:
    """Whether anybody of a process group still runs; zombies do not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False  # PermissionError: only zombies are left (macOS), or the number was reused
    members = [fields for _, fields in _processes() if fields[_GROUP] == str(group)]
    return not members or any(fields[_STATE] not in _DEAD for fields in members)


def living_children() -> list[int]:
    """The children of this process that still run (Linux)."""
    own = str(os.getpid())
    return [
        pid
        for pid, fields in _processes()
        if fields[_PARENT] == own and fields[_STATE] not in _DEAD
    ]


def find_marked(marker: str) -> list[int]:
    """The processes that run with `marker` (`NAME=value`) in their environment (Linux)."""
    return [
        pid
        for pid, fields in _processes()
        if fields[_STATE] not in _DEAD and marker.encode() in environment_of(pid)
    ]


def environment_of(pid: int) -> frozenset[bytes]:
    """The environment with which a process was started, as `NAME=value` (Linux)."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            return frozenset(file.read().split(b"\0"))
    except OSError:
        return frozenset()


def _processes() -> "Iterator[tuple[int, list[str]]]":
    try:
        names = os.listdir("/proc")  # noqa: PTH208
    except OSError:
        return
    for name in names:
        if name.isdigit() and (fields := _stat_fields(name)):
            yield int(name), fields


def _stat_fields(pid: str) -> list[str] | None:
    """The fields of /proc/PID/stat after the name: state, ppid, pgrp, …, starttime at 19."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].decode("ascii", "replace").split()
    except OSError:
        return None
