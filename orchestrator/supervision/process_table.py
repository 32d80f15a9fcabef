"""Information of the system about processes: which are alive, in which group, since when, for which
run."""

import contextlib
import os
import sys

from .os_processes import group_exists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STATE, _PARENT, _GROUP, _STARTED = 0, 1, 2, 19
_DEAD = "ZX"
_BLOCK_BYTES = 1 << 16
_LONGEST_COMMAND = 120
_known_boot: "list[str]" = []


def process_identity(pid: int, *, is_zombie_too: bool = False) -> str | None:
    """Return what distinguishes a process from a later one with its number, or None if it is gone.

    On Linux the boot and the tick at which it started, which no change of the clock alters. On
    Windows, where no sweep runs, there is none.
    """
    if sys.platform == "win32":
        return None
    fields = _stat_fields(str(pid))
    if fields is not None:
        if fields[_STATE] in _DEAD and not is_zombie_too:
            return None
        if (boot := _boot_id()) is not None:
            return f"{boot}:{fields[_STARTED]}"
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110
        return None
    return _start_of(pid, is_zombie_too=is_zombie_too)


def is_alive(pid: int | None, identity: str | None) -> bool:
    """Return whether the process that had this number and identity is still running.

    A number alone is not enough: the system reuses it in time.
    """
    return pid is not None and identity is not None and process_identity(pid) == identity


def is_of_this_boot(identity: str | None) -> bool:
    """Return whether an identity is of a process of this start of the machine."""
    return _boot_of(identity) == _boot_of(process_identity(os.getpid()))


def _boot_of(identity: str | None) -> str | None:
    return identity and identity.rpartition(":")[0]


def _boot_id() -> str | None:
    """Return what identifies this start of the machine. Read only once."""
    if not _known_boot:
        with contextlib.suppress(OSError):
            _known_boot.append(_read("/proc/sys/kernel/random/boot_id").decode("ascii").strip())
    return _known_boot[0] if _known_boot else None


def _start_of(pid: int, *, is_zombie_too: bool) -> str | None:
    """Return the start from `ps` (macOS), to the second."""
    import subprocess

    command = ["ps", "-o", "state=", "-o", "lstart=", "-p", str(pid)]
    plain = {**os.environ, "LC_ALL": "C", "TZ": "UTC0"}
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False, env=plain)
    except OSError:
        return None
    state, _, started = found.stdout.strip().partition(" ")
    if not started or (state[0] in _DEAD and not is_zombie_too):
        return None
    return f"ps:{started.strip().replace(':', '.')}"


def is_group_alive(group: int) -> bool:
    """Return whether a process of a group is still running. Zombies are not."""
    if not group_exists(group):
        return False
    members = [fields for _, fields in _processes() if fields[_GROUP] == str(group)]
    return not members or any(fields[_STATE] not in _DEAD for fields in members)


def group_commands(group: int) -> list[str]:
    """Return the command lines of a group's processes that still run, each shortened (Linux)."""
    members = (pid for pid, fields in _processes() if fields[_GROUP] == str(group))
    return [f"{_command(pid)} (process {pid})" for pid in members if _command(pid)]


def _command(pid: int) -> str:
    try:
        words = _read(f"/proc/{pid}/cmdline").split(b"\0")
    except OSError:
        return ""
    text = b" ".join(words).decode("utf-8", "replace").strip()
    return "".join(sign if sign.isprintable() else " " for sign in text)[:_LONGEST_COMMAND]


def living_children() -> list[int]:
    """Return the children of this process that still run (Linux). It must have no other thread."""
    own = str(os.getpid())
    try:  # one short file, instead of one for each process of the machine
        names = _read(f"/proc/self/task/{own}/children").decode("ascii").split()
    except OSError:
        found: Iterable[tuple[int, list[str]]] = _processes()
    else:
        found = ((int(name), fields) for name in names if (fields := _stat_fields(name)))
    return [pid for pid, fields in found if fields[_PARENT] == own and fields[_STATE] not in _DEAD]


def find_marked(marker: str) -> list[int]:
    """Return the processes with `marker` (`NAME=value`) in their environment (Linux)."""
    return [
        pid
        for pid, fields in _processes()
        if fields[_STATE] not in _DEAD and marker.encode() in environment_of(pid)
    ]


def environment_of(pid: int) -> frozenset[bytes]:
    """Return the environment with which a process was started, as `NAME=value` (Linux)."""
    try:
        return frozenset(_read(f"/proc/{pid}/environ").split(b"\0"))
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
    """Return the fields of /proc/PID/stat after the name: state, ppid, pgrp, …, starttime at 19."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(b")")[2].decode("ascii", "replace").split()
    except OSError:
        return None


def _read(path: str) -> bytes:
    """Return a file's content, without the buffers of `open`, which cost more than the reading."""
    fd = os.open(path, os.O_RDONLY)
    try:
        content = part = os.read(fd, _BLOCK_BYTES)
        while part:
            part = os.read(fd, _BLOCK_BYTES)
            content += part
        return content
    finally:
        os.close(fd)
