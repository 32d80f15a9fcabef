"""Which file systems other machines write to. The kernel reports nothing of what they do there."""

import os
from pathlib import Path

_LOCAL = frozenset(
    (
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs"),
        *("tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs", "overlay", "aufs", "ecryptfs"),
        *("vfat", "exfat", "msdos", "ntfs", "ntfs3", "fuseblk", "hfs", "hfsplus", "iso9660"),
        *("squashfs", "erofs", "udf", "nilfs2"),
    )
)
"""File systems of other kinds may be network ones, also kinds that are invented later."""


def is_on_network(folder: Path) -> bool:
    """Return whether other machines may write to the file system of `folder` (Linux only)."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        resolved = os.path.realpath(folder)
    except OSError:
        return False
    kind, longest = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:
            kind, longest = fields[2], len(point)
    return bool(kind) and not is_local(kind)


def is_local(kind: str) -> bool:
    """Return whether only this machine writes to file systems of this kind, as in
    `/proc/mounts`."""
    return kind in _LOCAL
