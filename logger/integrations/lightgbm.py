"""LightGBM: `lightgbm.train(..., callbacks=[tracking_callback()])`."""

import os
from collections.abc import Callable

from lightgbm.callback import CallbackEnv, EarlyStopException

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .stopping import StopRequest
from .writers import add_numbers, writer_for

__all__ = ["tracking_callback"]


def tracking_callback(
    logdir: str | os.PathLike[str] = "runs", *, writer: ExperimentLogger | None = None
) -> Callable[[CallbackEnv], None]:
    """Return a callback that logs each evaluation of each round, as `valid/l1` and the like.

    Of `cv` it logs the mean over the folds. When the sweep stops the run, the training ends after
    the current round, as by LightGBM's own early stopping.

    Args:
        logdir: where a run that is started by hand gets its folder (see `ExperimentLogger`).
        writer: a logger to use instead of a new one.
    """
    log = writer_for(writer, logdir)
    stop = StopRequest()

    def callback(env: CallbackEnv) -> None:
        stop.watch()
        results = env.evaluation_result_list or []
        add_numbers(log, {f"{one[0]}/{one[1]}": one[2] for one in results}, env.iteration)
        is_last = env.iteration + 1 >= env.end_iteration
        if stop.is_set or is_last:
            stop.unwatch()
        if stop.is_set:
            raise EarlyStopException(env.iteration, results)

    # before early_stopping (30), which ends the training with an exception
    callback.order = 25  # type: ignore[attr-defined]
    return callback
