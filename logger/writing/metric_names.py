"""The names and ids of the metrics of one logger."""

import os

from ..records import ID_MASK, metric_id

_owners: "dict[str, dict[str, str]]" = {}
"""By file and metric: the folder of the logger that declared it first in this process."""


class MetricNames:
    """The metrics that one logger has declared.

    Args:
        logdir: the folder passed to the logger. It distinguishes loggers that share a file.
    """

    __slots__ = ("_logdir", "_names")

    def __init__(self, logdir: str) -> None:
        self._logdir = logdir
        self._names: dict[int, str] = {}

    def own_name(self, path: str, name: str) -> str:
        """Return the name itself, or the name behind the logger's folder.

        All loggers of a process in a sweep write to the run's one file. Two of them, for training
        and validation say, were created with different folders to keep equal names apart.
        """
        if _owners.setdefault(path, {}).setdefault(name, self._logdir) == self._logdir:
            return name
        return f"{os.path.basename(self._logdir) or 'other'}/{name}"

    def claim(self, name: str) -> int:
        """Return the id of a metric: its hash, or the next free one."""
        identifier = metric_id(name)
        # setdefault claims an id at once, also among threads.
        while self._names.setdefault(identifier, name) != name:
            identifier = (identifier + 1) & ID_MASK
        return identifier
