"""The last image or text of a name that runs logged, as a table shows it beside each run."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ml_tracking_ops.logger.media.entries import MediaEntry
from ml_tracking_ops.logger.media.history import MediaHistory
from ml_tracking_ops.logger.media.kinds import IMAGE, TEXT
from ml_tracking_ops.logger.media.reading import text_of
from ml_tracking_ops.logger.media.track import MediaKey
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories

from .items import shown_entry
from .presence import has_media

KINDS = (IMAGE, TEXT)
_MOST_CHARACTERS = 1_000
_MOST_NAMES = 60


@dataclass(frozen=True, slots=True)
class LastMedia:
    """The last image or text of a name.

    Attributes:
        text: the beginning of a text, or the reason why an image cannot be shown.
        href: the address of an image, or of a small version of it.
    """

    step: int
    text: str = ""
    href: str | None = None


def read_last(
    store: MediaHistories, logs: Mapping[str, Path], keys: Iterable[MediaKey], budget_s: float
) -> dict[str, dict[MediaKey, LastMedia]]:
    """Return the last of each of these, by run. Runs for which there was no time are left out.

    Args:
        logs: the log of each run, by its id.
    """
    wanted, until = tuple(keys), time.monotonic() + budget_s
    found = {}
    for run, dat_path in logs.items():
        if time.monotonic() > until:
            break
        if has_media(dat_path):
            entries = store.use(dat_path, partial(_last_entries, keys=wanted))
            found[run] = {key: _last(run, of_step) for key, of_step in entries.items()}
    return found


def media_names(store: MediaHistories, logs: Iterable[Path], budget_s: float) -> list[MediaKey]:
    """Return the images and texts of these runs, as far as there is time to look."""
    until, found = time.monotonic() + budget_s, dict[MediaKey, None]()
    for dat_path in logs:
        if time.monotonic() > until or len(found) >= _MOST_NAMES:
            break
        if has_media(dat_path):
            found.update(dict.fromkeys(store.use(dat_path, _names)))
    return sorted(found, key=lambda key: (KINDS.index(key[0]), key[1]))[:_MOST_NAMES]


def _names(history: MediaHistory) -> list[MediaKey]:
    return [key for key in history.tracks if key[0] in KINDS][:_MOST_NAMES]


def _last_entries(
    history: MediaHistory, keys: Iterable[MediaKey]
) -> dict[MediaKey, list[MediaEntry]]:
    """Return the entries of the last step of each name."""
    found = {}
    for key in keys:
        track = history.tracks.get(key)
        step = None if track is None else track.step_at(None)
        if track is not None and step is not None:
            found[key] = track.at(step)
    return found


def _last(run: str, of_step: list[MediaEntry]) -> LastMedia:
    place = len(of_step) - 1
    entry = of_step[place]
    try:
        if entry.kind == TEXT:
            return LastMedia(entry.step, text_of(entry)[:_MOST_CHARACTERS])
    except OSError:
        return LastMedia(entry.step, "The text no longer exists.")
    item = shown_entry(run, entry, place)
    if "trouble" in item:
        return LastMedia(entry.step, item["trouble"])
    return LastMedia(entry.step, item.get("caption", ""), item.get("thumb", item.get("href")))
