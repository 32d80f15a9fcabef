"""Where a log was written: a lock says something only on the machine that its writer runs on."""

import os
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import run_record

_HOST = os.uname().nodename if hasattr(os, "uname") else None
_MOST_KNOWN = 100_000
_known: dict[str, list[Any]] = {}


def was_written_here(dat_path: Path) -> bool:
    """Whether this very file was made by a logger on this machine.

    A copy (rsync, an unpacked archive) has another inode, a mounted folder another host. Logs
    without a record, of earlier versions and of sweeps, count as written elsewhere.
    """
    try:
        status = dat_path.stat()
    except OSError:
        return False
    return _origin(dat_path) == [_HOST, [status.st_dev, status.st_ino]]


def _origin(dat_path: Path) -> list[Any]:
    """Host and file as the record names them; read once, since they never change."""
    path = os.fspath(dat_path)
    known = _known.get(path)
    if known is None:
        environment = run_record.read(path).get("environment")
        if not isinstance(environment, dict):
            return []
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        known = _known[path] = [environment.get("host"), environment.get("file")]
    return known
