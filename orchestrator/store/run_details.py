"""What a run's logger kept beside its log: configuration, environment, directions of metrics.

The file may come from anybody: it is opened as all files of a log folder are, read up to a bound,
and what is of another form is left out.
"""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_tracking_ops.logger import os_files, run_record
from ml_tracking_ops.logger.guarded import READ, open_guarded
from ml_tracking_ops.logger.records import LogFormatError
from ml_tracking_ops.logger.results.tables import flat
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file, origin_of

from .files.identities import FileCache, identify, identity_of

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.event_log import EventPeek

_HOST = os_files.host_name()
_MOST_BYTES = 4 << 20
_MOST_KNOWN = 100_000
_events: "FileCache[Path, EventPeek]" = FileCache(_MOST_KNOWN)
_configs: "FileCache[str, Mapping[str, Any]]" = FileCache(20_000)
_written_here: dict[tuple[str, int, int], bool] = {}


@dataclass(frozen=True)
class RunDetails:
    """What is known of a run besides its metrics.

    Attributes:
        config: its settings, flat: nested ones have dotted names.
        environment: how and where it was started.
        higher_is_better: by metric.
        end: `exit_code` and `stopped_by_hand` of a run that `ml-tracking-ops run` saw through.
        keeps_output: whether `ml-tracking-ops run` writes what it prints beside its log.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    higher_is_better: Mapping[str, bool] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)
    keeps_output: bool = False


NO_DETAILS = RunDetails()


def read_details(dat_path: Path) -> RunDetails:
    """The details of a log, or none if there are none, or none that can be read."""
    if is_event_file(dat_path):
        return _details_of_events(dat_path)
    try:
        fd = open_guarded(run_record.record_file(os.fspath(dat_path)), READ)
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
        found.get("keeps_output") is True,
    )


def _details_of_events(path: Path) -> RunDetails:
    """What the `hparams` plugin keeps, and what the name of the file says."""
    from ml_tracking_ops.logger.reading.event_log import peek_events

    try:
        identity = identify(path)
        found = _events.get(path, identity, lambda: peek_events(os.fspath(path)))
    except (OSError, LogFormatError):
        return NO_DETAILS
    origin = origin_of(path.name)
    environment = {} if origin is None else {"host": origin.host, "pid": origin.pid}
    known = {name: value for name, value in environment.items() if value is not None}
    return RunDetails(dict(flat(found.config)), known)


def config_of(dat_path: Path) -> Mapping[str, Any]:
    """The flat configuration of a log. A record that is as it was is not read again."""
    if is_event_file(dat_path):
        return _details_of_events(dat_path).config
    path = run_record.record_file(os.fspath(dat_path))
    try:
        identity = identity_of(os.stat(path))  # noqa: PTH116
    except OSError:
        return NO_DETAILS.config
    return _configs.get(path, identity, lambda: read_details(dat_path).config)


def is_chosen(name: str, chosen: Collection[str]) -> bool:
    """Whether a setting is one of the sweep's hyperparameters, or in one that is an object."""
    parts = name.split(".")
    return any(".".join(parts[: at + 1]) in chosen for at in range(len(parts)))


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
