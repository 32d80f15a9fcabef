"""What event files hold besides scalars: by kind, and which of the kinds are not shown."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ml_tracking_ops.logger.records import LogFormatError
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file

from ..files.identities import FileCache, identify

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_KNOWN = 1_000
_MOST_NAMED = 20
SHOWN = frozenset(("images", "text", "histograms", "audio"))
"""The kinds that the page of a run shows."""

_known: "FileCache[Path, Mapping[str, list[str]]]" = FileCache(_MOST_KNOWN)


def other_tags(path: Path) -> "Mapping[str, list[str]]":
    """Kind → tags, sorted; nothing of a log that is no event file or cannot be read."""
    if not is_event_file(path):
        return {}
    try:
        return _known.get(path, identify(path), lambda: _read(path))
    except (OSError, LogFormatError):
        return {}


def _read(path: Path) -> "Mapping[str, list[str]]":
    from ml_tracking_ops.logger.reading.event_log import read_events

    found: dict[str, list[str]] = {}
    for tag, kind in read_events(os.fspath(path), follow_link=False, max_metrics=0).others.items():
        found.setdefault(kind, []).append(tag)
    return {kind: sorted(found[kind]) for kind in sorted(found)}


def describe_tags(kind: str, tags: list[str]) -> str:
    """“2 tags: a, b”; of a kind that no page shows “2 tags, not shown: a, b”."""
    shown = ", ".join(tags[:_MOST_NAMED]) + (", …" if len(tags) > _MOST_NAMED else "")
    number = f"{len(tags)} {'tag' if len(tags) == 1 else 'tags'}"
    return f"{number}: {shown}" if kind in SHOWN else f"{number}, not shown: {shown}"
