"""Which file systems other machines may write to."""

import pytest

from ml_tracking_ops.logger.file_systems import is_local


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk"])
def test_disk_of_this_machine_is_local(kind: str) -> None:
    assert is_local(kind)


@pytest.mark.parametrize(
    "kind", ["nfs4", "lustre", "virtiofs", "wekafs", "panfs", "fuse", "fuse.bindfs", "fuse.sshfs"]
)
def test_possible_network_file_system_is_not_local(kind: str) -> None:
    assert not is_local(kind)
