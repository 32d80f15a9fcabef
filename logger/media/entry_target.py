"""The name, step and time that an entry is for."""

from math import isfinite

from .keeping import Keep


class EntryTarget:
    """The name, step and time that an entry is for, checked. `wall_time` is finite."""

    __slots__ = ("keep", "kind", "name", "step", "wall_time")

    def __init__(self, kind: str, name: str, step: int, keep: Keep, wall_time: float) -> None:
        self.kind = kind
        self.name = name
        self.step = step
        self.keep = keep
        self.wall_time = wall_time


def checked_time(wall_time: float) -> float:
    """Return seconds since the epoch.

    Raises:
        TypeError, ValueError: it is no finite number.
    """
    at = float(wall_time)
    if not isfinite(at):
        raise ValueError(f"wall_time must be seconds since the epoch, not {at}")
    return at
