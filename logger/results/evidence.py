"""The state of a run as its files show it, on this machine or on another."""

import os
from collections.abc import Mapping
from typing import Any

from ..reading.reader import LogFormatError, read_ending
from ..run_record import is_of_this_file, mapping_in
from .open_logs import find_writer


def state_of_log(dat_path: str, record: Mapping[str, Any], *, is_of_here: bool) -> str:
    """Return the state that the log itself shows.

    Args:
        is_of_here: whether a sweep on this machine ran it. Otherwise the record of the run decides.
    """
    try:
        ending = read_ending(dat_path)
    except (OSError, LogFormatError):
        return "lost"
    if ending.is_legacy:
        return "finished"
    if not ending.is_closed:
        writer = find_writer(dat_path, lambda: is_of_here or _was_written_here(dat_path, record))
        return "running" if writer == "writing" else "killed"
    if ending.exit_is_unknown:
        return "lost"
    if not ending.ended_with_error:
        return "finished"
    is_stopped = isinstance(mapping_in(record, "end").get("stopped_by_hand"), str)
    return "killed" if is_stopped else "failed"


def _was_written_here(dat_path: str, record: Mapping[str, Any]) -> bool:
    """Return whether a logger on this machine made this very file: a copy has another inode."""
    try:
        status = os.stat(dat_path)
    except OSError:
        return False
    return is_of_this_file(mapping_in(record, "environment"), status)
