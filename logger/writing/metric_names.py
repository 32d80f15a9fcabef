"""The names and ids of the metrics of one logger."""

import os

from ..records import ID_MASK, metric_id

_owners: "dict[str, dict[str, str]]" = {}
"""By file and metric, the folder of the logger that declared it first in this process."""


class MetricNames:
    """The metrics that one logger has declared.

    Args:
        logdir: the folder that the logger was given. It tells loggers that share a file apart.
    """

    __slots__ = ("_logdir", "_names")

    def __init__(self, logdir: str) -> None:
        self._logdir = logdir
        self._names: dict[int, str] = {}

    def own_name(self, path: str, name: str) -> str:
        """The name itself, or with the logger's folder in front.

        In a sweep all loggers of a process write to the run's one file. Two of them, for training
        and validation say, were given folders of their own to keep equal names apart.
        """
        if _owners.setdefault(path, {}).setdefault(name, self._logdir) == self._logdir:
            return name
        return f"{os.path.basename(self._logdir) or 'other'}/{name}"

    def claim(self, name: str) -> int:
        """The id of a metric: its hash, or the next one that is free."""
        identifier = metric_id(name)
        # setdefault claims an id at once, also among threads.
        while self._names.setdefault(identifier, name) != name:
            identifier = (identifier + 1) & ID_MASK
        return identifier
