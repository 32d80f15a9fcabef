"""A file system of a few hundred kilobytes, for real full disks."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from waiting import read_line


@dataclass(frozen=True)
class SmallDisk:
    """Attributes:
    folder: its path for this process.
    prefix: the beginning of a command that finds it at the same path.
    """

    folder: Path
    prefix: tuple[str, ...]

    def fill(self) -> None:
        """Fill the disk completely."""
        ballast = os.open(self.folder / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (4096, 1):
                try:
                    while True:
                        os.write(ballast, bytes(size))
                except OSError:
                    continue
        finally:
            os.close(ballast)

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    @property
    def is_full(self) -> bool:
        return os.statvfs(self.folder).f_bavail == 0


@contextmanager
def small_disk(path: Path, size: str = "1m", *, as_root: bool | None = None) -> Iterator[SmallDisk]:
    """Mount a tmpfs at `path`: for all processes as root, otherwise in a namespace."""
    path.mkdir()
    mount = f"mount -t tmpfs -o size={size} none '{path}'"
    if as_root is None:
        as_root = os.getuid() == 0
    if as_root and subprocess.run(["sh", "-c", mount], check=False, timeout=60).returncode == 0:
        try:
            yield SmallDisk(path, ())
        finally:
            subprocess.run(["umount", "--lazy", path], check=True, timeout=60)
        return
    holder = subprocess.Popen(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            f"{mount} && echo ready && exec cat",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert read_line(holder) == "ready\n", "neither root nor a namespace may mount"
        enter = ("nsenter", f"--target={holder.pid}", "--user", "--mount", f"--wd={path.parent}")
        yield SmallDisk(Path(f"/proc/{holder.pid}/root{path}"), (*enter, "--preserve-credentials"))
        assert holder.stdin is not None
        holder.stdin.close()
