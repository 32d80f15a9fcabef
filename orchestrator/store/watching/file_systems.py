"""Which file systems other machines write to: the kernel tells nothing of what they do there."""

import os
from pathlib import Path

_NATIVE = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "lustre", "ceph", "beegfs", "gpfs", "afs")
_FUSE = ("fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs")
_OF_A_NETWORK = frozenset((*_NATIVE, *_FUSE))


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
    return kind in _OF_A_NETWORK
