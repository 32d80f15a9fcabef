"""`SummaryWriter` with the calls of torch.utils.tensorboard's and tensorboardX's.

A script changes one line: ``from ml_tracking_ops.integrations.tensorboard import SummaryWriter``.
"""

import os

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.notices import NoticePrinter
from ml_tracking_ops.logger.writing import ranks
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ._summary_media import SummaryMedia

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, Self, SupportsFloat

_NOT_KEPT = frozenset(
    (
        "add_custom_scalars",
        "add_custom_scalars_marginchart",
        "add_custom_scalars_multilinechart",
        "add_embedding",
        "add_graph",
        "add_image_with_boxes",
        "add_mesh",
        "add_onnx_graph",
        "add_openvino_graph",
        "add_pr_curve",
        "add_pr_curve_raw",
        "add_tensor",
        "add_video",
    )
)


class SummaryWriter(SummaryMedia):
    """Logs a run of this product. Calls without an effect warn once.

    In a sweep it writes the log of the sweep's run and ignores `log_dir`.
    """

    def __init__(
        self,
        log_dir: "str | os.PathLike[str] | None" = None,
        comment: str = "",
        *_: object,
        logdir: "str | os.PathLike[str] | None" = None,
        **__: object,
    ) -> None:
        """Args:
        log_dir: the folder of the run, by default `runs/TIME` followed by `comment`. A folder that
            already holds a run continues it.
        logdir: the same, as tensorboardX calls it.

        `purge_step`, `max_queue`, `flush_secs`, `filename_suffix` and the like are accepted and
        have no effect: a value is in the file when the call returns, and a training that continues
        from an earlier step makes later values void automatically.
        """
        given = log_dir if log_dir is not None else logdir
        folder = f"runs/{paths.timestamp()}{comment}" if given is None else os.fspath(given)
        self.log_dir = self.logdir = folder
        self._writer = _open(folder)
        self._notices = NoticePrinter()
        self._n_values: dict[str, int] = {}

    def add_scalar(
        self,
        tag: str,
        scalar_value: "SupportsFloat",
        global_step: "int | None" = None,
        walltime: "float | None" = None,
        *_: object,
        **__: object,
    ) -> None:
        """Log one value. Without a step the values of a tag are counted, from 0."""
        value: Any = scalar_value
        step = self._step(tag, global_step)
        if walltime is None:
            self._writer.add_scalar(tag, value, step)
        else:
            self._writer.add_scalar_at(tag, value, step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: "Mapping[str, SupportsFloat]",
        global_step: "int | None" = None,
        walltime: "float | None" = None,
    ) -> None:
        """Log several values, each as the metric `main_tag`/KEY."""
        for key, value in tag_scalar_dict.items():
            self.add_scalar(f"{main_tag}/{key}", value, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: "Mapping[str, object]",
        metric_dict: "Mapping[str, SupportsFloat] | None" = None,
        hparam_domain_discrete: object = None,
        run_name: object = None,
        global_step: "int | None" = None,
        *,
        name: object = None,
    ) -> None:
        """Keep hyperparameters as the run's configuration, and log its metrics."""
        self._writer.log_config(dict(hparam_dict))
        for tag, value in (metric_dict or {}).items():
            self.add_scalar(tag, value, global_step)

    def get_logdir(self) -> str:
        """Return the run's folder."""
        return self.log_dir

    def flush(self) -> None:
        """Do nothing: each value was written by its call."""

    def close(self) -> None:
        """Mark the run as finished. A second call does nothing."""
        self._writer.close()

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: "TracebackType | None",
    ) -> None:
        self._writer.__exit__(kind, error, traceback)

    def __getattr__(self, name: str) -> "Callable[..., None]":
        if name not in _NOT_KEPT:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

        def not_kept(*_: object, **__: object) -> None:
            self._notices.warn_once(f"{name} of SummaryWriter: not kept")

        return not_kept

    def _step(self, tag: str, global_step: "int | None") -> int:
        n_values = self._n_values.get(tag, 0)
        self._n_values[tag] = n_values + 1
        return n_values if global_step is None else global_step


def _open(folder: str) -> ExperimentLogger:
    """Return the logger that writes `folder`/NAME.dat, or a sweep's run. Other ranks stay
    silent."""
    if os.environ.get(paths.RUN_FILE_VARIABLE) or ranks.is_other_rank():
        return ExperimentLogger(folder)
    from ml_tracking_ops.logger import run_record

    folder = paths.absolute(folder)
    path = os.path.join(folder, (os.path.basename(folder) or "run") + paths.DAT_SUFFIX)
    try:
        paths.make_folders(folder)
        writer = ExperimentLogger.at(path)
        environment = run_record.environment_of_this_process(path)
        run_record.merge(path, {"environment": environment})
    except OSError:
        return ExperimentLogger.at(path)  # it warns once that it cannot write
    return writer
