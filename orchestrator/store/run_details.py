"""The record of a run beside its log: configuration, environment, directions of metrics.

The file may come from anybody: it is opened as all files of a log folder are, read up to a limit,
and fields of another form are left out.
"""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_tracking_ops.logger import run_record
from ml_tracking_ops.logger.guarded import READ, open_guarded
from ml_tracking_ops.logger.records import LogFormatError
from ml_tracking_ops.logger.results.tables import flat
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file, origin_of

from .files.identities import FileCache, identify, identity_of

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.event_log import EventPeek

_MOST_BYTES = 4 << 20
_MOST_KNOWN = 100_000
_events: "FileCache[Path, EventPeek]" = FileCache(_MOST_KNOWN)
_configs: "FileCache[str, Mapping[str, Any]]" = FileCache(20_000)
_written_here: FileCache[str, bool] = FileCache(_MOST_KNOWN)


@dataclass(frozen=True)
class RunDetails:
    """The record of a run besides its metrics.

    Attributes:
        config: its settings, flat: nested ones have dotted names.
        environment: how and where it was started.
        higher_is_better: by metric.
        end: `exit_code` and `stopped_by_hand` of a run started with `ml-tracking-ops run`.
        keeps_output: whether `ml-tracking-ops run` writes its output beside its log.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    higher_is_better: Mapping[str, bool] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)
    keeps_output: bool = False


NO_DETAILS = RunDetails()


def read_details(dat_path: Path) -> RunDetails:
    """Return the details of a log. Empty if there are none, or none that can be read."""
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
    directions = run_record.mapping_in(found, "higher_is_better")
    return RunDetails(
        dict(flat(run_record.mapping_in(found, "config"))),
        run_record.mapping_in(found, "environment"),
        {name: value for name, value in directions.items() if isinstance(value, bool)},
        run_record.mapping_in(found, "end"),
        found.get("keeps_output") is True,
    )


def _details_of_events(path: Path) -> RunDetails:
    """Return the data of the `hparams` plugin, and of the file's name."""
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
    """Return the flat configuration of a log. An unchanged record is not read again."""
    if is_event_file(dat_path):
        return _details_of_events(dat_path).config
    path = run_record.record_file(os.fspath(dat_path))
    try:
        identity = identity_of(os.stat(path))  # noqa: PTH116
    except OSError:
        return NO_DETAILS.config
    return _configs.get(path, identity, lambda: read_details(dat_path).config)


def is_chosen(name: str, chosen: Collection[str]) -> bool:
    """Return whether a setting is one of the sweep's hyperparameters, or part of one that is an
    object."""
    parts = name.split(".")
    return any(".".join(parts[: at + 1]) in chosen for at in range(len(parts)))


def was_written_here(dat_path: Path) -> bool:
    """Return whether this very file was made by a logger on this machine.

    Logs without a record, of earlier versions and of sweeps, count as written elsewhere.
    """
    try:
        status = dat_path.stat()
    except OSError:
        return False
    path = os.fspath(dat_path)  # of a log that grows, only which file it is must stay the same
    file = identity_of(status)._replace(size_bytes=0, modified_ns=0)
    known = _written_here.find(path, file)
    if known is not None:
        return known
    environment = read_details(dat_path).environment
    if not environment:
        return False  # it may still come
    return _written_here.put(path, file, run_record.is_of_this_file(environment, status))
