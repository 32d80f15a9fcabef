"""The log of one process, with few dependencies: for the samples of a run."""

import time

from ..records import FINISHED, encode_end_record
from .log_file import LogFile
from .metric_names import MetricNames

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Mapping


class PlainLog:
    """Appends to a `.dat`. Values that cannot be written are dropped, and the next ones are tried.

    Args:
        path: absolute.
    """

    def __init__(self, path: str) -> None:
        self._file = LogFile(path)
        self._names = MetricNames("")

    def add_scalars(self, values: "Mapping[str, float]", step: int) -> None:
        """Log one value for each of several metrics, by name."""
        try:
            self._file.make_ready()
            for name in values:
                if name not in self._file.heads:
                    self._file.declare(name, self._names.claim(name), name)
            _, records = self._file.encode(values, step, time.time())
            self._file.append(records)
        except OSError:
            return

    def close(self) -> None:
        """Mark the log as complete and close it."""
        try:
            if self._file.is_sound:
                self._file.append(encode_end_record(time.time(), FINISHED))
            self._file.close()
        except OSError:
            return
