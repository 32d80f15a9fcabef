"""XGBoost: `xgboost.train(..., callbacks=[TrackingCallback()])`."""

import os
from typing import Any

from xgboost.callback import TrainingCallback

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .stopping import StopRequest
from .writers import add_numbers, writer_for

__all__ = ["TrackingCallback"]


class TrackingCallback(TrainingCallback):
    """Logs each evaluation of each round as `DATA/METRIC`. Of `cv` the mean over the folds.

    When the sweep stops the run, the training ends after the current round.

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
        super().__init__()
        self._writer = writer_for(writer, logdir)
        self._stop = StopRequest()

    def before_training(self, model: Any) -> Any:
        self._stop.watch()
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, Any]) -> bool:
        values = {
            f"{data}/{metric}": _latest(series)
            for data, metrics in evals_log.items()
            for metric, series in metrics.items()
        }
        add_numbers(self._writer, values, epoch)
        return self._stop.is_set

    def after_training(self, model: Any) -> Any:
        self._stop.unwatch()
        return model


def _latest(series: Any) -> object:
    """Return the last value of a series, or the last mean if it is (mean, std), as `cv` gives
    it."""
    value = series[-1]
    return value[0] if isinstance(value, tuple) else value
