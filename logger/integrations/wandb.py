"""The calls of W&B's client that training scripts use: `import ….integrations.wandb as wandb`.

What they log goes to an `ExperimentLogger`. Nothing is uploaded. Calls that are not listed in
`__all__` do nothing and warn once. In a sweep `wandb.config` holds the sweep's hyperparameters.
"""

import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from ml_tracking_ops.logger import paths, records
from ml_tracking_ops.logger.notices import NoticePrinter
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ._wandb_config import Config, sweep_values
from ._wandb_media import MEDIA, Audio, Histogram, Image, Table
from ._wandb_steps import Steps
from .media_values import add_media
from .writers import number

__all__ = [
    "Audio",
    "Config",
    "Histogram",
    "Image",
    "Run",
    "Table",
    "agent",
    "define_metric",
    "finish",
    "init",
    "log",
    "sweep",
]

_notices = NoticePrinter()
_current: "list[Run]" = []


class Run:
    """One run, as `wandb.init` returns it.

    Attributes:
        config: its configuration. In a sweep the sweep's values replace those of the script.
        summary: a dictionary. Numbers that a script puts in are logged when the run ends.
        project: as given to `init`, kept in the configuration alone.
    """

    def __init__(
        self,
        logdir: str | os.PathLike[str] = "runs",
        config: object = None,
        project: str | None = None,
        name: str | None = None,
    ) -> None:
        self._writer = ExperimentLogger(logdir)
        self._steps = Steps()
        self.project = project
        self.name = name or os.environ.get(paths.RUN_NAME_VARIABLE) or self.id
        self.config = Config(config, sweep_values(), keep=self._writer.log_config)
        about = {"project": project, "name": name}
        about = {key: value for key, value in about.items() if value is not None}
        if about:
            self._writer.log_config({"wandb": about})
        self.summary: dict[str, Any] = {}
        self._logged: set[str] = set()
        self._is_finished = False

    @property
    def id(self) -> str:
        """The name of the run's log file."""
        return os.path.basename(self._writer.path).removesuffix(paths.DAT_SUFFIX)

    @property
    def dir(self) -> str:
        """The folder for the run's own files, created on first use."""
        return self._writer.run_dir

    @property
    def step(self) -> int:
        """The step of the next `log` without one."""
        return self._steps.current

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """Log numbers by name. Nested mappings get dotted names.

        Args:
            step: not below the current one, as in W&B, by default the current one, which then
                increases.
            commit: False keeps the current step for the next call.

        Raises:
            TypeError: `data` is no mapping.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"wandb.log takes a mapping of names to values, not {data!r}")
        at = self._steps.take(step, commit)
        if at is None:
            _notices.warn_once(
                f"wandb.log: step {step} is before the current step {self.step}. "
                "Its values are ignored, as in W&B"
            )
            return
        values = dict(_flat(data))
        found = {name: _scalar(value) for name, value in values.items()}
        numbers = {name: value for name, value in found.items() if value is not None}
        self._steps.note(numbers)
        for name in values.keys() - numbers.keys():
            step_there = self._steps.step_for(name, at, _notices.warn_once)
            if not self._log_media(name, values[name], step_there):
                _notices.warn_once(f"wandb.log: {name!r} is not kept")
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, self._steps.step_for(name, at, _notices.warn_once))
        self._logged |= numbers.keys()
        self.summary.update(numbers)

    def _log_media(self, name: str, value: Any, step: int) -> bool:
        """Log an image or the like, or each of a list of them, and return whether it is one."""
        if isinstance(value, MEDIA):
            value.log(self._writer, name, step)
            return True
        if isinstance(value, (list, tuple)) and value and all(isinstance(v, MEDIA) for v in value):
            for one in value:
                one.log(self._writer, name, step)
            return True
        return add_media(self._writer, name, value, step)

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        goal: str | None = None,
        **_: Any,
    ) -> None:
        """Use another metric as the step of a metric, or of all metrics that match a pattern
        (`train/*`)."""
        self._steps.define(name, step_metric)
        if goal in ("maximize", "minimize") and "*" not in name:
            self._writer.set_directions({name: goal == "maximize"})

    def finish(self, exit_code: int | None = None, **_: Any) -> None:
        """End the run. An exit code other than 0 marks it as failed."""
        if self._is_finished:
            return
        self._is_finished = True
        for name, value in self.summary.items():
            if name not in self._logged and (found := _scalar(value)) is not None:
                self._writer.add_scalar(name, found, max(self.step - 1, 0))
        self._writer.end(records.FAILED if exit_code else records.FINISHED)
        if self in _current:
            _current.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish(1 if error is not None else 0)

    def __getattr__(self, name: str) -> Any:
        return _not_kept(f"run.{name}", name)


def init(
    project: str | None = None,
    config: object = None,
    name: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    **_: Any,
) -> Run:
    """Begin a run, or return the one that is not finished yet.

    Args:
        dir: where a run that is started by hand gets its folder, by default `runs`.
    """
    if _current:
        if config is not None:
            _current[-1].config.update(config)
        return _current[-1]
    run = Run("runs" if dir is None else dir, config, project, name)
    _current.append(run)
    return run


def _run(call: str) -> Run:
    if not _current:
        raise RuntimeError(f"call wandb.init() before wandb.{call}")
    return _current[-1]


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Log numbers to the current run, as `Run.log` does."""
    _run("log()").log(data, step, commit)


def define_metric(name: str, step_metric: str | None = None, **named: Any) -> None:
    """Define a metric of the current run, as `Run.define_metric` does."""
    _run("define_metric()").define_metric(name, step_metric, **named)


def finish(exit_code: int | None = None, **_: Any) -> None:
    """End the current run, if any."""
    if _current:
        _current[-1].finish(exit_code)


def sweep(sweep: object, *_: Any, **__: Any) -> str:
    """Return a name for `agent`. The sweep itself is run by `ml-tracking-ops sweep`."""
    _notices.warn_once("wandb.sweep: start the sweep itself with: ml-tracking-ops sweep FILE")
    return "local"


def agent(sweep_id: str, function: Callable[[], object] | None = None, **_: Any) -> None:
    """Call the function once: `ml-tracking-ops sweep` starts a process for each run."""
    if function is not None:
        function()


def _flat(data: Mapping[Any, Any], prefix: str = "") -> "list[tuple[str, Any]]":
    found: list[tuple[str, Any]] = []
    for name, value in data.items():
        if isinstance(value, Mapping):
            found.extend(_flat(value, f"{prefix}{name}."))
        else:
            found.append((f"{prefix}{name}", value))
    return found


def _scalar(value: object) -> float | None:
    return float(value) if isinstance(value, bool) else number(value)


class _NotKept:
    """A substitute for W&B's return values: it can be called, and has every attribute."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_: Any, **__: Any) -> "_NotKept":
        return self

    def __getattr__(self, name: str) -> "_NotKept":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __enter__(self) -> "_NotKept":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __repr__(self) -> str:
        return f"<wandb.{self._name}: not kept>"


def _not_kept(where: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    _notices.warn_once(f"wandb.{where} is not kept")
    return _NotKept(where)


def __getattr__(name: str) -> Any:
    if name == "run":
        return _current[-1] if _current else None
    if name in ("config", "summary"):
        return getattr(_run(name), name)
    return _not_kept(name, name)
