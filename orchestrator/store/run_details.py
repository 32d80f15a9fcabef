"""What a run's logger kept beside its log: configuration, environment, directions of metrics.

The file may come from anybody: it is opened as all files of a log folder are, read up to a bound,
and what is of another form is left out.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import os_files, run_record
from ml_tracking_ops.logger.guarded import READ, open_guarded

_HOST = os_files.host_name()
_MOST_BYTES = 4 << 20
_MOST_KNOWN = 100_000
_MOST_DEPTH = 32
_written_here: dict[tuple[str, int, int], bool] = {}


@dataclass(frozen=True)
class RunDetails:
    """What is known of a run besides its metrics.

    Attributes:
        config: its settings, flat: nested ones have dotted names.
        environment: how and where it was started.
        higher_is_better: by metric.
        end: `exit_code` and `stopped_by_hand` of a run that `ml-tracking-ops run` saw through.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    higher_is_better: Mapping[str, bool] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)


NO_DETAILS = RunDetails()


def read_details(dat_path: Path) -> RunDetails:
    """The details of a log; none where there are none, or none that can be read."""
    try:
        fd = open_guarded(run_record.path_of(os.fspath(dat_path)), READ)
        with os.fdopen(fd, "rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return NO_DETAILS
    if not isinstance(found, dict):
        return NO_DETAILS
    directions = _mapping(found, "higher_is_better")
    return RunDetails(
        dict(flat(_mapping(found, "config"))),
        _mapping(found, "environment"),
        {name: value for name, value in directions.items() if isinstance(value, bool)},
        _mapping(found, "end"),
    )


def flat(
    settings: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """`{"optimizer": {"lr": 0.1}}` → `optimizer.lr`, 0.1."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value and depth < _MOST_DEPTH:
            yield from flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value


def was_written_here(dat_path: Path) -> bool:
    """Whether this very file was made by a logger on this machine.

    A copy (rsync, an unpacked archive) has another inode, a mounted folder another host. Logs
    without a record, of earlier versions and of sweeps, count as written elsewhere.
    """
    try:
        status = dat_path.stat()
    except OSError:
        return False
    key = os.fspath(dat_path), status.st_dev, status.st_ino
    known = _written_here.get(key)
    if known is None:
        environment = read_details(dat_path).environment
        if not environment:
            return False  # it may come yet
        if len(_written_here) >= _MOST_KNOWN:
            _written_here.clear()
        origin = environment.get("host"), environment.get("file")
        known = _written_here[key] = origin == (_HOST, [status.st_dev, status.st_ino])
    return known


def _mapping(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}
