"""Stable-Baselines3: `model.set_logger(Logger(None, [TrackingOutputFormat()]))`."""

import os
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .media_values import add_all_media, without_numbers
from .stopping import StopRequest
from .writers import add_numbers, writer_for

__all__ = ["StopCallback", "TrackingOutputFormat"]


class TrackingOutputFormat(KVWriter):
    """Writes what SB3 records. The step is the number of timesteps.

    Args:
        logdir: where a run that is started by hand gets its folder (see `ExperimentLogger`).
        writer: a logger to use instead of a new one.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str] = "runs",
        *,
        writer: ExperimentLogger | None = None,
    ) -> None:
        self._writer = writer_for(writer, logdir)

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        excluded = {name for name, formats in key_excluded.items() if "tracking" in (formats or ())}
        values = {name: value for name, value in key_values.items() if name not in excluded}
        add_numbers(self._writer, values, step)
        add_all_media(self._writer, without_numbers(values), step)

    def close(self) -> None:
        """Keep the log open: SB3 closes its outputs before a model is evaluated."""


class StopCallback(BaseCallback):
    """Ends `learn` in order when the sweep stops the run: `model.learn(..., callback=…)`."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = StopRequest()

    def _on_training_start(self) -> None:
        self._stop.watch()

    def _on_step(self) -> bool:
        return not self._stop.is_set

    def _on_training_end(self) -> None:
        self._stop.unwatch()
