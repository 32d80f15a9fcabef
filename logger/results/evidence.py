"""The state of a run as its files show it, on this machine or on another."""

import math
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import locks
from ..reading.reader import LogFormatError, read_ending
from ..server_clock import silent_for_s
from ..system_metrics.sampler import system_path

_SILENT_AFTER_S = 600.0


def state_of_log(dat_path: str, record: Mapping[str, Any], *, is_of_here: bool) -> str:
    """The state that the log itself shows.

    Args:
        is_of_here: whether a sweep on this machine ran it. Otherwise the record of the run says so.
    """
    try:
        ending = read_ending(dat_path)
    except (OSError, LogFormatError):
        return "lost"
    if ending.is_legacy:
        return "finished"
    if not ending.is_closed:
        return _state_of_open_log(dat_path, is_of_here or _was_written_here(dat_path, record))
    if ending.exit_is_unknown:
        return "lost"
    if not ending.ended_with_error:
        return "finished"
    is_stopped = isinstance(mapping_in(record, "end").get("stopped_by_hand"), str)
    return "killed" if is_stopped else "failed"


def _state_of_open_log(dat_path: str, is_of_here: bool) -> str:
    """A lock that is free proves only of a log of this machine that nobody writes.

    Any other log counts as running until it has been silent for ten minutes, by the clock of the
    file server.
    """
    held = locks.is_held(dat_path)
    if held:
        return "running"
    if held is False and is_of_here:
        return "killed"
    written = [Path(one) for one in (dat_path, system_path(dat_path)) if os.path.exists(one)]
    silent_s = min((silent_for_s(one, one.parent) for one in written), default=math.inf)
    return "running" if silent_s < _SILENT_AFTER_S else "killed"


def _was_written_here(dat_path: str, record: Mapping[str, Any]) -> bool:
    """Whether a logger on this machine made this very file: a copy has another inode."""
    environment = mapping_in(record, "environment")
    try:
        status = os.stat(dat_path)
    except OSError:
        return False
    origin = environment.get("host"), environment.get("file")
    return origin == (platform.node(), [status.st_dev, status.st_ino])


def mapping_in(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}
