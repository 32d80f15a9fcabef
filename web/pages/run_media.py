"""What the page of a run needs to know of its images and the like: whether there are any."""

import os
from pathlib import Path

from ml_tracking_ops.logger.paths import media_index_of
from ml_tracking_ops.logger.reading.attempts import earlier_logs
from ml_tracking_ops.orchestrator.store.files.identities import identify


def has_media(dat_path: Path | None) -> bool:
    """Whether the run, or an attempt before it, has an index of media."""
    if dat_path is None:
        return False
    logs = [*earlier_logs(dat_path), os.fspath(dat_path)]
    return any(_size(log) > 0 for log in logs)


def media_place(run_id: str | None, dat_path: Path | None) -> dict[str, int]:
    """How far the index has been written, as the live stream names it."""
    if run_id is None or dat_path is None:
        return {}
    return {f"media={run_id}": _size(os.fspath(dat_path))}


def _size(log: str) -> int:
    found = identify(media_index_of(log), follow_link=False)
    return 0 if found is None else found.size_bytes
