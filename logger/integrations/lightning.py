"""PyTorch Lightning: `Trainer(logger=TrackingLogger())`."""

import os
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.loggers.logger import Logger, rank_zero_experiment
    from lightning.pytorch.utilities.rank_zero import rank_zero_only
except ImportError:
    from pytorch_lightning import Callback, LightningModule, Trainer
    from pytorch_lightning.loggers.logger import Logger, rank_zero_experiment
    from pytorch_lightning.utilities.rank_zero import rank_zero_only

from ml_tracking_ops.logger import paths, records
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .stopping import StopRequest, can_watch
from .writers import add_numbers, writer_for

__all__ = ["StopCallback", "TrackingLogger", "stop_callbacks"]


class TrackingLogger(Logger):
    """Logs the metrics and hyperparameters of a Lightning training, from rank zero.

    Checkpoints and other files of the trainer go into the run's own folder. The log stays open
    after `fit`, so that `validate` and `test` are part of the run. It ends with the script.

    Args:
        logdir: where a run that is started by hand gets its folder (see `ExperimentLogger`).
        prefix: put before every metric's name.
        writer: a logger to use instead of a new one.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str] = "runs",
        *,
        prefix: str = "",
        writer: ExperimentLogger | None = None,
    ) -> None:
        super().__init__()
        self._logdir = logdir
        self._prefix = prefix
        self._writer = writer

    @property
    @rank_zero_experiment
    def experiment(self) -> ExperimentLogger:
        """The logger that metrics are written with."""
        if self._writer is None:
            self._writer = writer_for(None, self._logdir)
        return self._writer

    @property
    def name(self) -> str:
        """Empty: no other run shares the run's folder."""
        return ""

    @property
    def version(self) -> str:
        """Empty, as `name`."""
        return ""

    @property
    def save_dir(self) -> str | None:
        """The run's own folder, which holds checkpoints, or None on other ranks."""
        writer = self.experiment
        return writer.run_dir if isinstance(writer, ExperimentLogger) else None

    @rank_zero_only
    def log_hyperparams(
        self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any
    ) -> None:
        """Keep hyperparameters as the run's configuration."""
        if params:
            self.experiment.log_config(params)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log metrics. A step of None counts as 0."""
        values = {f"{self._prefix}{name}": value for name, value in metrics.items()}
        add_numbers(self.experiment, values, 0 if step is None else int(step))

    @rank_zero_only
    def log_image(
        self, key: str, images: list[Any], step: int | None = None, caption: list[str] | None = None
    ) -> None:
        """Log images. A `caption` for each, if any."""
        captions: list[str] | list[None] = caption or [None] * len(images)
        for image, text in zip(images, captions, strict=True):
            self.experiment.add_image(f"{self._prefix}{key}", image, step or 0, caption=text)

    @rank_zero_only
    def log_audio(
        self,
        key: str,
        audios: list[Any],
        step: int | None = None,
        sample_rate: list[int] | None = None,
        caption: list[str] | None = None,
    ) -> None:
        """Log sounds. Samples need a `sample_rate` each."""
        rates: list[int] | list[None] = sample_rate or [None] * len(audios)
        captions: list[str] | list[None] = caption or [None] * len(audios)
        for audio, rate, text in zip(audios, rates, captions, strict=True):
            name = f"{self._prefix}{key}"
            self.experiment.add_audio(name, audio, step or 0, sample_rate=rate, caption=text)

    @rank_zero_only
    def log_table(
        self,
        key: str,
        columns: list[str] | None = None,
        data: list[list[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log a table: columns and rows, or a data frame."""
        rows = data if dataframe is None else dataframe
        self.experiment.add_table(f"{self._prefix}{key}", rows, step or 0, columns=columns)

    @rank_zero_only
    def log_text(
        self,
        key: str,
        columns: list[str] | None = None,
        data: list[list[str]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log texts as a table, as other Lightning loggers do."""
        self.log_table(key, columns, data, dataframe, step)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the log if the training failed. Called after each of `fit`, `validate` and `test`."""
        if status == "failed" and self._writer is not None:
            self._writer.end(records.FAILED)


def stop_callbacks() -> list[Callback]:
    """Return the callbacks that Lightning adds to every Trainer (an entry point for callbacks).

    Outside of a sweep it adds nothing.
    """
    return [StopCallback()] if os.environ.get(paths.RUN_FILE_VARIABLE) else []


class StopCallback(Callback):
    """Ends the training in order (`trainer.should_stop`) when the sweep stops the run."""

    def __init__(self) -> None:
        self._stop = StopRequest()
        self._can_watch = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._can_watch = can_watch()  # Lightning sets its own handler after this

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._can_watch:  # Lightning's handler ends the training with an exception
            self._stop.replace_handler()

    def on_train_batch_end(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:
        if self._stop.is_set:
            trainer.should_stop = True

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._stop.unwatch()
