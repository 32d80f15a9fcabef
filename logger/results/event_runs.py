"""Runs whose logs are event files of TensorBoard: what is known of them without their points."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..records import LogFormatError
from ..server_clock import silent_for_s
from ..tensorboard.event_names import files_beside, origin_of
from ..tensorboard.writers import has_writer

_GROWS_S = 10.0
_SILENT_AFTER_S = 600.0


@dataclass(frozen=True)
class EventRun:
    """`path`: the latest of the files of a folder, which represents all."""

    path: str
    state: str
    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)


def event_run(folder: str) -> EventRun | None:
    """The run of the event files in a folder, or None if it has none."""
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
    """As the dashboard tells it: event files hold no end, so what counts is whether one grows."""
    silent_s = min(silent_for_s(Path(path), Path(path).parent) for path in paths)
    writes = has_writer(Path(paths[-1]))
    if silent_s < _GROWS_S or (silent_s < _SILENT_AFTER_S if writes is None else writes):
        return "running"
    return "failed" if status == "failure" else "finished"
