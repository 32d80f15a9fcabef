"""A folder as several machines have it from a file server: each has a mount of its own.

The mounts are bindfs's, with caches as network file systems have them: a lock that is held through
one is not seen through the other, and no event tells of what is written there. Where this machine
has no FUSE, plain bind mounts take their place, and then only states can be tried.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster_sweep import LIMIT_S, wait_for

LOGIN_NODE = ("unshare", "--uts", "sh", "-c", 'hostname login2 && exec "$@"', "sh")
"""What a command begins with that is to see another machine's name."""
CACHES = "attr_timeout=3,entry_timeout=3,negative_timeout=3"


@dataclass(frozen=True)
class SharedFolder:
    """
    Attributes:
        server: what is shared, without any cache.
        path: where every machine has it.
        on_a_node: what a command begins with that is to have a mount of its own there.
    """

    server: Path
    path: Path
    on_a_node: tuple[str, ...]

    @property
    def has_caches(self) -> bool:
        """Whether events and locks do not cross."""
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        return any(line.split()[1:3] == [str(self.path), "fuse"] for line in mounts)


def mount(folder: Path, place: Path) -> None:
    """Mount a folder at another place, for this process and those that share its mounts."""
    subprocess.run(["sh", "-c", _script(folder, place)], check=True, timeout=LIMIT_S)


def unmount(place: Path) -> None:
    command = ["umount", "--lazy", str(place)]
    subprocess.run(command, check=False, capture_output=True, timeout=LIMIT_S)


@contextmanager
def shared_folder(folder: Path) -> Iterator[SharedFolder]:
    """Share a new folder below `folder`. Whatever uses it has to end before this is left."""
    server, path = folder / "server", folder / "shared"
    server.mkdir()
    path.mkdir()
    mount(server, path)
    script = f'{_script(server, path)} && exec "$@"'
    try:
        yield SharedFolder(server, path, ("unshare", "--mount", "sh", "-c", script, "sh"))
    finally:
        unmount(path)
        for pid in _serving(path):  # in the namespaces of nodes that have ended
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not _serving(path), "the mounts of all nodes to end")


def _script(folder: Path, place: Path) -> str:
    fuse = f"bindfs -o {CACHES} '{folder}' '{place}' >/dev/null 2>&1"
    return f"({fuse} || mount --bind '{folder}' '{place}')"


def _serving(place: Path) -> list[int]:
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            with contextlib.suppress(OSError):
                words = (one / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"bindfs") and os.fsencode(place) in words:
                    found.append(int(one.name))
    return found
