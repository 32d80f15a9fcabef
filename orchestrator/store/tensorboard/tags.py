"""The content of event files besides scalars: by kind, and which kinds are not shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger.media.history import MediaHistory
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file

from ..media_histories import MEDIA

_MOST_NAMED = 20
SHOWN = frozenset(("images", "text", "histograms", "audio"))
"""The kinds that the page of a run shows."""


@dataclass(frozen=True, slots=True)
class OtherTags:
    """Tags, sorted, by kind. `are_all`: False while the files have not been read to their end."""

    by_kind: Mapping[str, list[str]]
    are_all: bool = True

    @property
    def may_be_shown(self) -> bool:
        """Whether a page has something to show of them, as far as known."""
        return not self.are_all or any(kind in SHOWN for kind in self.by_kind)


def other_tags(path: Path, most_s: float | None = None) -> OtherTags:
    """Return the other tags, none for a log that is no event file or cannot be read.

    Args:
        most_s: how long to read. What is found later is returned by the next call.
    """
    if not is_event_file(path):
        return OtherTags({})
    if most_s is None:
        return MEDIA.use(path, _tags_of)
    return _tags_of(MEDIA.glance(path, most_s))


def _tags_of(history: MediaHistory) -> OtherTags:
    found: dict[str, list[str]] = {}
    for tag, kind in list(history.other_tags.items()):
        found.setdefault(kind, []).append(tag)
    return OtherTags({kind: sorted(found[kind]) for kind in sorted(found)}, not history.is_behind)


def describe_tags(kind: str, tags: list[str], *, are_all: bool = True) -> str:
    """Return “2 tags: a, b”, or for a kind that no page shows “2 tags, not shown: a, b”."""
    shown = ", ".join(tags[:_MOST_NAMED]) + (", …" if len(tags) > _MOST_NAMED else "")
    number = f"{len(tags)} {'tag' if len(tags) == 1 else 'tags'}"
    number += "" if are_all else " so far"
    return f"{number}: {shown}" if kind in SHOWN else f"{number}, not shown: {shown}"
