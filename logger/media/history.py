"""The media of a run, whether its log is ours or TensorBoard's."""

from ..tensorboard.event_names import is_event_file
from .event_history import EventMediaHistory
from .track import MediaHistory

__all__ = ["MediaHistory", "open_history"]


def open_history(dat_path: str) -> MediaHistory:
    """Return the media history of a run. Nothing is read before `refresh`."""
    if is_event_file(dat_path):
        return EventMediaHistory(dat_path)
    return MediaHistory(dat_path)
