"""Keras 3: `model.fit(..., callbacks=[TrackingCallback()])`."""

import os
from typing import Any, Literal

from keras.callbacks import Callback

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .stopping import StopRequest
from .writers import add_numbers, writer_for

__all__ = ["TrackingCallback"]


class TrackingCallback(Callback):
    """Logs the metrics of each epoch, and of each batch if `update_freq` is `"batch"`.

    Epochs are counted from 0, as Keras passes them. Batches over all epochs, under `batch/NAME`.
    When the sweep stops the run, the training ends after the current batch (`stop_training`).

    Args:
        logdir: where a run that is started by hand gets its folder (see `ExperimentLogger`).
        update_freq: `"epoch"`, or `"batch"` for both.
        writer: a logger to use instead of a new one.

    Raises:
        ValueError: `update_freq` is neither.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str] = "runs",
        *,
        update_freq: Literal["epoch", "batch"] = "epoch",
        writer: ExperimentLogger | None = None,
    ) -> None:
        super().__init__()
        if update_freq not in ("epoch", "batch"):
            raise ValueError(f'update_freq must be "epoch" or "batch", not {update_freq!r}')
        self._logs_batches = update_freq == "batch"
        self._writer = writer_for(writer, logdir)
        self._n_batches = 0
        self._stop = StopRequest()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._stop.watch()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._logs_batches:
            values = {f"batch/{name}": value for name, value in (logs or {}).items()}
            add_numbers(self._writer, values, self._n_batches)
        self._n_batches += 1
        if self._stop.is_set:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        add_numbers(self._writer, logs or {}, epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._stop.unwatch()
