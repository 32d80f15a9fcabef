"""Hugging Face transformers: `Trainer(..., callbacks=[TrackingCallback()])`. trl's trainers too."""

import os
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.integrations import rewrite_logs

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .media_values import add_all_media, without_numbers
from .stopping import StopRequest
from .writers import add_numbers, writer_for

__all__ = ["TrackingCallback"]


class TrackingCallback(TrainerCallback):
    """Logs what a Trainer logs, under the names that its other callbacks use: `train/loss`.

    The step is `global_step`. Arguments and the model's configuration are kept as configuration.
    The log stays open after the training, so `evaluate()` is part of the run. When the sweep stops
    the run, the training ends after the current step.

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
        self._logdir = logdir
        self._writer = writer
        self._stop = StopRequest()

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: Any = None,
        **kwargs: Any,
    ) -> None:
        if not state.is_world_process_zero:
            return
        self._stop.watch()
        config: dict[str, object] = {"arguments": args.to_sanitized_dict()}
        if hasattr(getattr(model, "config", None), "to_dict"):
            config["model"] = model.config.to_dict()
        self._open().log_config(config)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if state.is_world_process_zero and logs:
            values = rewrite_logs(logs)
            add_numbers(self._open(), values, state.global_step)
            add_all_media(self._open(), without_numbers(values), state.global_step)

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        if self._stop.is_set:
            control.should_training_stop = True

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        self._stop.unwatch()

    def _open(self) -> ExperimentLogger:
        if self._writer is None:
            self._writer = writer_for(None, self._logdir)
        return self._writer
