"""Runs as objects, for notebooks and scripts: `read_run`, `read_runs`."""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .. import paths, run_record
from ..media.run_media import RunMedia
from ..reading.reader import LogFormatError, RunLog, Series, read_run_log
from ..reading.source import is_log
from ..tensorboard.event_names import event_files_in_order, is_event_file
from .event_runs import event_run
from .evidence import state_of_log
from .sweeps import SweepRuns
from .tables import as_columns, flat, frame_of, html_table


@dataclass(frozen=True)
class BestValue:
    """The best value of a metric, and the step at which it was logged first."""

    value: float
    step: int


@dataclass(frozen=True)
class RunResult:
    """One run: what it was started with, and what it logged. Points are read on access.

    Attributes:
        name: its folder's, or in a sweep its file's.
        path: its log.
        config: its settings, nested as they were logged.
        environment: how and where it was started by hand, or empty in a sweep.
        hyperparameters: what the sweep chose for it, or empty for a run by hand.
        state: `running`, `finished`, `early_stopped`, `paused`, `failed`, `killed`, `lost`
            or `pending`.
    """

    name: str
    path: str
    state: str
    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def metrics(self) -> RunLog:
        """By name, columns `step`, `wall_time` and `value`, each of shape `(n_points,)`.

        Raises:
            LogFormatError: the file is not a log.
            OSError: it cannot be read.
        """
        return read_run_log(self.path)

    @cached_property
    def media(self) -> RunMedia:
        """Images, texts, histograms, tables and audio: `run.media["samples"]`."""
        return RunMedia(self.path)

    def best(self, metric: str, *, higher_is_better: bool | None = None) -> BestValue | None:
        """Return the best value of a metric, or None if it has no number.

        Args:
            higher_is_better: which values are good, by default as the script set it.

        Raises:
            KeyError: the run has no such metric.
            ValueError: it is not known which values are good.
        """
        if metric not in self.metrics:
            known = ", ".join(self.metrics) or "none"
            raise KeyError(f"{self.name} has no metric {metric!r}. It has: {known}")
        if higher_is_better is None:
            higher_is_better = self._direction(metric)
        series = self.metrics[metric]
        found = [
            (value, step)
            for value, step in zip(series.value.tolist(), series.step.tolist(), strict=True)
            if not math.isnan(value)
        ]
        if not found:
            return None
        value = (max if higher_is_better else min)(value for value, _ in found)
        return BestValue(value, next(step for one, step in found if one == value))

    def _direction(self, metric: str) -> bool:
        directions = run_record.read(self.path).get("higher_is_better")
        found = directions.get(metric) if isinstance(directions, dict) else None
        if not isinstance(found, bool):
            raise ValueError(
                f"which values of {metric!r} are good? Pass higher_is_better=True or False"
            )
        return found

    def columns(self) -> dict[str, list[Any]]:
        """Return all points as columns `metric`, `step`, `wall_time`, `value`."""
        table: dict[str, list[Any]] = {"metric": [], "step": [], "wall_time": [], "value": []}
        for name, series in self.metrics.items():
            _add_points(table, name, series)
        return table

    def to_pandas(self) -> Any:
        """Return all points as a pandas data frame: `metric`, `step`, `wall_time`, `value`.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame_of("pandas", self.columns())

    def to_polars(self) -> Any:
        """Return all points as a polars data frame, with the same columns.

        Raises:
            ImportError: polars is not installed.
        """
        return frame_of("polars", self.columns())

    def _repr_html_(self) -> str:
        return html_table([_row(self)])


@dataclass(frozen=True)
class RunResults:
    """A list of runs. A notebook shows it as a table."""

    runs: tuple[RunResult, ...]

    def __iter__(self) -> Iterator[RunResult]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, place: int | str) -> RunResult:
        """Return a run by its position or its name.

        Raises:
            IndexError, KeyError: there is none.
        """
        if isinstance(place, int):
            return self.runs[place]
        found = next((run for run in self.runs if run.name == place), None)
        if found is None:
            raise KeyError(f"no run is called {place!r}")
        return found

    def to_pandas(self) -> Any:
        """Return a pandas data frame, a row per run: name, state, settings, last value of each
        metric.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame_of("pandas", as_columns([_row(run, with_metrics=True) for run in self.runs]))

    def to_polars(self) -> Any:
        """Return the same table as a polars data frame.

        Raises:
            ImportError: polars is not installed.
        """
        return frame_of("polars", as_columns([_row(run, with_metrics=True) for run in self.runs]))

    def _repr_html_(self) -> str:
        return html_table([_row(run) for run in self.runs])


def read_run(path: str | os.PathLike[str]) -> RunResult:
    """Return a run, given its `.dat`, an event file of TensorBoard, or the folder of an experiment.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the folder holds several.
        OSError: it cannot be read.
    """
    path = paths.absolute(path)
    dat_path = path
    if is_event_file(path) and os.path.isfile(path):
        return _event_run(os.path.dirname(path), os.path.basename(os.path.dirname(path)), path)
    if os.path.isdir(path):
        names = sorted(filter(paths.is_run_log, os.listdir(path)))
        if not names and event_files_in_order(os.listdir(path)):
            return _event_run(path, os.path.basename(path))
        if not names:
            raise FileNotFoundError(
                f"the folder {path} contains no run. read_runs reads all runs below it"
            )
        if len(names) > 1:
            raise ValueError(
                f"the folder {path} holds {len(names)} runs. Use read_runs to read all of them"
            )
        dat_path = os.path.join(path, names[0])
    os.stat(dat_path)
    return _run_at(dat_path, SweepRuns(os.path.dirname(dat_path)))


def read_runs(logdir: str | os.PathLike[str] = "runs") -> RunResults:
    """Return all runs below a log folder, started by hand or in sweeps, in the order of their
    paths.

    The event files of TensorBoard in a folder are one run, named as in TensorBoard. Links, hidden
    folders and the runs' own folders are not searched.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    top = paths.absolute(logdir)
    if not os.path.isdir(top):
        raise FileNotFoundError(f"there is no folder {top}")
    found: list[RunResult] = []
    for folder, folders, names in os.walk(top):
        suffix = paths.RUN_FOLDER_SUFFIX
        folders[:] = sorted(
            one for one in folders if not one.startswith(".") and not one.endswith(suffix)
        )
        logs = sorted(name for name in names if paths.is_run_log(name))
        sweep = SweepRuns(folder)
        dat_paths = [os.path.join(folder, name) for name in logs]
        runs = [_run_at(path, sweep) for path in dat_paths if is_log(path)]
        if event_files_in_order(names) and paths.DESCRIPTION_NAME not in names:
            runs.append(_event_run(folder, _event_name(folder, top, is_alone=not runs)))
        found.extend(runs)
    return RunResults(tuple(found))


def _event_run(folder: str, name: str, path: str | None = None) -> RunResult:
    found = event_run(folder)
    if found is None:  # deleted meanwhile
        raise FileNotFoundError(f"the folder {folder} holds no run")
    return RunResult(name, path or found.path, found.state, found.config, found.environment)


def _event_name(folder: str, top: str, *, is_alone: bool) -> str:
    """Return the folder's path below the log folder, as the dashboard and TensorBoard show it."""
    inner = os.path.relpath(folder, top)
    name = os.path.basename(top) if inner == os.curdir else inner.replace(os.sep, "/")
    if is_alone:
        return name
    return "tensorboard" if inner == os.curdir else f"{name}/tensorboard"


def _run_at(dat_path: str, sweep: SweepRuns) -> RunResult:
    record = run_record.read(dat_path)
    folder, file_name = os.path.split(dat_path)
    stem = file_name.removesuffix(paths.DAT_SUFFIX)
    is_own_folder = os.path.basename(folder).startswith(stem)
    return RunResult(
        os.path.basename(folder) if is_own_folder else stem,
        dat_path,
        sweep.state(stem) or state_of_log(dat_path, record, is_of_here=sweep.has_run_here(stem)),
        run_record.mapping_in(record, "config"),
        run_record.mapping_in(record, "environment"),
        sweep.hyperparameters(stem),
    )


def _row(run: RunResult, *, with_metrics: bool = False) -> dict[str, Any]:
    row: dict[str, Any] = {"name": run.name, "state": run.state, **run.hyperparameters}
    row.update(flat(run.config))
    if with_metrics:
        try:
            last = {name: series.value[-1].item() for name, series in run.metrics.items()}
        except (OSError, LogFormatError):
            return row
        row.update(last)
    return row


def _add_points(table: dict[str, list[Any]], name: str, series: Series) -> None:
    table["metric"] += [name] * len(series.step)
    table["step"] += series.step.tolist()
    table["wall_time"] += series.wall_time.tolist()
    table["value"] += series.value.tolist()
