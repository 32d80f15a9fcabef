"""Runs whose logs are event files of TensorBoard, without their points."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..records import LogFormatError
from ..server_clock import silent_for_s
from ..tensorboard.event_names import files_beside, origin_of
from .open_logs import are_events_written


@dataclass(frozen=True)
class EventRun:
    """`path`: the latest of the files of a folder, which represents all."""

    path: str
    state: str
    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)


def event_run(folder: str) -> EventRun | None:
    """Return the run of the event files in a folder, or None if it has none."""
    paths = files_beside(os.path.join(folder, ""))
    if not paths:
        return None
    from ..reading.event_log import peek_events

    latest, environment = paths[-1], _environment(paths[-1])
    try:
        found = peek_events(latest)
        state = _state(paths, found.status)
    except (OSError, LogFormatError):
        return EventRun(latest, "lost", {}, environment)
    return EventRun(latest, state, found.config, environment)


def _environment(path: str) -> dict[str, Any]:
    origin = origin_of(os.path.basename(path))
    known = {} if origin is None else {"host": origin.host, "pid": origin.pid}
    return {name: value for name, value in known.items() if value is not None}


def _state(paths: list[str], status: str | None) -> str:
    """Return the state that the dashboard shows: event files record no end, so growth decides."""
    silent_s = min(silent_for_s(Path(path), Path(path).parent) for path in paths)
    if are_events_written(Path(paths[-1]), silent_s):
        return "running"
    return "failed" if status == "failure" else "finished"
