"""Whether a run has images and the like, for its page."""

import os
from pathlib import Path

from ml_tracking_ops.logger.paths import media_index_of
from ml_tracking_ops.logger.reading.attempts import earlier_logs
from ml_tracking_ops.logger.reading.event_files import size_of_files
from ml_tracking_ops.logger.tensorboard.event_names import is_event_file
from ml_tracking_ops.orchestrator.store.files.identities import identify
from ml_tracking_ops.orchestrator.store.tensorboard.tags import other_tags

READING_S = 0.25
"""How long a page waits for the content of event files."""


def has_media(dat_path: Path | None) -> bool:
    """Return whether the run, or an attempt before it, has an index of media.

    Event files that take long to read may have some. Their page asks later.
    """
    if dat_path is None:
        return False
    if is_event_file(dat_path):
        return other_tags(dat_path, READING_S).may_be_shown
    logs = [*earlier_logs(dat_path), os.fspath(dat_path)]
    return any(_size(log) > 0 for log in logs)


def media_place(run_id: str | None, dat_path: Path | None) -> dict[str, int]:
    """Return how far the index has been written, in the form of the live stream."""
    if run_id is None or dat_path is None:
        return {}
    if not is_event_file(dat_path):
        return {f"media={run_id}": _size(os.fspath(dat_path))}
    return {f"media={run_id}": size_of_files(os.fspath(dat_path))} if has_media(dat_path) else {}


def _size(log: str) -> int:
    found = identify(media_index_of(log), follow_link=False)
    return 0 if found is None else found.size_bytes
