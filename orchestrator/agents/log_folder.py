"""The actions of an agent in one log folder. Nothing outside of it is shown or changed."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import NotInLogdirError, UsageError
from ..reports.conditions import parse_condition, wait_for
from ..reports.entries import list_reports, show_run, show_sweep
from ..reports.shapes import Listed, RunReport, SweepReport
from ..steering.asking import failed_runs, send_requests
from ..steering.background import start_in_background
from ..steering.requests import Action, new_request, this_user
from ..store.catalog import Catalog, FoundRun, find_item, find_run_by_number
from ..store.experiments import Experiment
from ..store.files.output_tail import last_lines
from ..store.sweep_folder import Sweep

_ANSWER_S = 10.0
LONGEST_WAIT_S = 600.0


class LogFolder:
    """One log folder, and the project folder whose configurations may be started.

    Every name is looked up in the log folder. A path that leads out of it, even through a link, is
    refused.
    """

    def __init__(self, logdir: Path, project: Path) -> None:
        self._logdir = logdir
        self._project = project

    @property
    def path(self) -> Path:
        """The absolute path of the log folder."""
        return self._logdir.absolute()

    def entries(self, *, is_archived: bool, limit: int) -> list[Listed]:
        """Return the newest experiments and sweeps."""
        return list_reports(Catalog(self._logdir), is_archived=is_archived)[:limit]

    def show(self, name: str, run: int | None, limit: int) -> SweepReport | RunReport:
        """Return a sweep with its best runs, or a run or experiment with its metrics."""
        found = self._found(name, run)
        if not isinstance(found, Sweep):
            return _reported(found)
        report = show_sweep(found)
        return {**report, "runs": _best_first(found, report)[:limit]}

    def compare(self, names: Sequence[str], runs: Sequence[int]) -> Sequence[RunReport]:
        """Return the reports of several runs: of one sweep by number, or by their names."""
        if runs and len(names) != 1:
            raise UsageError("run numbers need exactly one sweep")
        if runs:
            found = [self._found(names[0], run) for run in runs]
        else:
            found = [self._found(name, None) for name in names]
        sweeps = [one.name for one in found if isinstance(one, Sweep)]
        if sweeps:
            raise UsageError(f"{sweeps[0]} is a sweep: give the numbers of the runs to compare")
        return [_reported(one) for one in found if not isinstance(one, Sweep)]

    def tail_output(self, name: str, run: int | None, n_lines: int) -> list[str]:
        """Return the last lines that a run has printed."""
        found = self._found(name, run)
        if isinstance(found, Sweep):
            raise UsageError(f"{name} is a sweep: also give the number of a run")
        if isinstance(found, FoundRun):
            path = found.sweep.log_path(found.run)
        else:
            path = found.dat_path.with_suffix(".log")
        return [] if path is None else last_lines(path, n_lines)

    def wait(self, name: str, until: str, timeout_s: float) -> tuple[str, Sweep]:
        """Wait a bounded time, and return `met`, `ended` or `timed_out`, and the sweep."""
        sweep = self._sweep(name)
        try:
            condition = parse_condition(until)
        except ValueError as error:
            raise UsageError(f"until {error}") from None
        return wait_for(sweep, condition, min(timeout_s, LONGEST_WAIT_S)), sweep

    def start(
        self, config: str, *, workers: int | None, seed: int | None, max_runs: int | None
    ) -> Any:
        """Start a sweep in the background, and return the event that names it.

        Raises:
            UsageError: the configuration is not in the project folder, or is wrong.
        """
        path = (self._project / config).resolve()
        if not path.is_relative_to(self._project.resolve()):
            raise UsageError(f"{config} is not in {self._project}, where this server was started")
        options = {"--workers": workers, "--seed": seed, "--max-runs": max_runs}
        arguments = [str(path), *_given(options), "--logdir", str(self._logdir.absolute())]
        return start_in_background(arguments, self._project)

    def resume(self, name: str, *, workers: int | None, max_runs: int | None) -> Any:
        """Continue a sweep in the background, and return the event that names it.

        Raises:
            UsageError: the sweep is not of the project folder, or cannot be resumed.
        """
        sweep = self._sweep(name)
        origin = sweep.description.get("config_path") or sweep.description.get("folder")
        project = self._project.resolve()
        if origin is None or not Path(str(origin)).resolve().is_relative_to(project):
            raise UsageError(
                f"the configuration of {name} is not in {self._project}, where this server was "
                f"started. Resume it in a terminal: ml-tracking-ops sweep --resume {name}"
            )
        options = {"--workers": workers, "--max-runs": max_runs}
        return start_in_background(
            ["--resume", str(sweep.path.absolute()), *_given(options)], self._project
        )

    def act(
        self,
        name: str,
        action: Action,
        runs: Sequence[int] = (),
        *,
        n_workers: int | None = None,
    ) -> list[str]:
        """Send a request to the orchestrator of a sweep, and return its answers.

        Raises:
            UsageError: it refused.
        """
        sweep = self._sweep(name)
        for index in runs:
            find_run_by_number(sweep, index)
        wanted: Sequence[int] | Sequence[None] = runs or [None]
        user = this_user()
        requests = [new_request(action, user, index=index, n_workers=n_workers) for index in wanted]
        answers = send_requests(sweep.path, requests, _ANSWER_S)
        refused = [answer.message for answer in answers if not answer.is_met]
        if refused:
            raise UsageError("; ".join(refused))
        return [answer.message for answer in answers]

    def requeue(self, name: str, runs: Sequence[int], *, only_failed: bool) -> list[str]:
        """Run some runs again, or all that failed, and return the answers.

        Raises:
            UsageError: it refused, or no run has failed.
        """
        if bool(runs) == only_failed:
            raise UsageError("give either the numbers of the runs, or only_failed")
        if only_failed:
            runs = failed_runs(self._sweep(name).record)
            if not runs:
                raise UsageError(f"no run of {name} has failed")
        return self.act(name, "requeue", runs)

    def _sweep(self, name: str) -> Sweep:
        found = self._found(name, None)
        if not isinstance(found, Sweep):
            raise UsageError(f"{name} is not a sweep")
        return found

    def _found(self, name: str, run: int | None) -> Experiment | Sweep | FoundRun:
        for candidate in (Path(name), self._logdir / name):
            if os.path.lexists(candidate):
                self._require_inside(name, candidate)
        found = find_item(name, self._logdir)
        self._require_inside(name, _path_of(found))
        if run is None:
            return found
        if not isinstance(found, Sweep):
            raise UsageError(f"{name} is not a sweep, so it has no run {run}")
        return find_run_by_number(found, run)

    def _require_inside(self, name: str, path: Path) -> None:
        if not path.resolve().is_relative_to(self._logdir.resolve()):
            raise NotInLogdirError(name, self._logdir, ())


def _given(options: Mapping[str, int | None]) -> list[str]:
    return [f"{name}={value}" for name, value in options.items() if value is not None]


def _reported(found: Experiment | FoundRun) -> RunReport:
    try:
        return show_run(found)
    except OSError as error:
        raise UsageError(str(error)) from None


def _path_of(found: Experiment | Sweep | FoundRun) -> Path:
    if isinstance(found, FoundRun):
        return found.sweep.path
    return found.path if isinstance(found, Sweep) else found.dat_path


def _best_first(sweep: Sweep, report: SweepReport) -> Any:
    """Return the runs of a report, the best first and those without a value last.

    With several objectives those on the front come first.
    """
    if report["objectives"]:
        return sorted(report["runs"], key=lambda run: not run["is_on_front"])
    goal = sweep.optimization_goal
    known = [run for run in report["runs"] if run["best_value"] is not None]
    others = [run for run in report["runs"] if run["best_value"] is None]
    sign = -1.0 if goal == "max" else 1.0
    return [*sorted(known, key=lambda run: sign * (run["best_value"] or 0.0)), *others]
