"""The media of a run, whoever wrote its log."""

from .track import MediaHistory

__all__ = ["MediaHistory", "open_history"]


def open_history(dat_path: str) -> MediaHistory:
    """What a run logged besides metrics; nothing is read before `refresh`."""
    return MediaHistory(dat_path)
