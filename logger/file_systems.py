"""Which file systems other machines write to: the kernel tells nothing of what they do there."""

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
"""The others may be of a network, also those that come up after this was written."""


def is_on_network(folder: Path) -> bool:
    """Whether `folder` lies on a file system that other machines may write to (Linux only)."""
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
    """Whether only this machine writes to file systems of a kind that `/proc/mounts` names."""
    return kind in _LOCAL
