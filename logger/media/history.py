"""The media of a run, whoever wrote its log."""

from ..tensorboard.event_names import is_event_file
from .event_history import EventMediaHistory
from .track import MediaHistory

__all__ = ["MediaHistory", "open_history"]


def open_history(dat_path: str) -> MediaHistory:
    """What a run logged besides metrics; nothing is read before `refresh`."""
    if is_event_file(dat_path):
        return EventMediaHistory(dat_path)
    return MediaHistory(dat_path)
