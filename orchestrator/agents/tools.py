"""The tools that `ml-tracking-ops mcp` offers to coding agents.

Agents read the docstring of a tool and the descriptions of its arguments. So they say how to use
the tool, and not how it works.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from ..reports.summary import describe_best
from .answers import (
    Answers,
    Comparison,
    Output,
    Report,
    RunList,
    RunListEntry,
    ShownRun,
    StartedSweep,
    Waited,
)
from .log_folder import LONGEST_WAIT_S, LogFolder

_DEFAULT_WAIT_S = 50.0  # below the 60 s after which many clients give up

Name = Annotated[
    str, Field(description="The name of a sweep, experiment or run, as list_runs or show gives it.")
]
SweepName = Annotated[str, Field(description="The name of a sweep, as list_runs gives it.")]
RunNumber = Annotated[
    int | None, Field(ge=1, description="The number of a run, if name is a sweep.")
]
RunNumbers = list[Annotated[int, Field(ge=1)]] | None
NumberOfWorkers = Annotated[
    int | None,
    Field(ge=1, description="How many runs at once. Default: one for each GPU, or each CPU."),
]


class ReadingTools:
    """The tools that change nothing."""

    def __init__(self, folder: LogFolder) -> None:
        self._folder = folder

    def list_runs(
        self,
        archived: Annotated[bool, Field(description="List what is archived.")] = False,
        limit: Annotated[int, Field(ge=1, description="At most so many entries.")] = 50,
    ) -> RunList:
        """List experiments and sweeps, newest first, with their states and best values."""
        entries = self._folder.entries(is_archived=archived, limit=limit)
        shown: list[RunListEntry] = [_without_empty(entry) for entry in entries]
        return {"logdir": str(self._folder.path), "entries": shown}

    def show(
        self,
        name: Name,
        run: RunNumber = None,
        limit: Annotated[int, Field(ge=1, description="At most so many runs of a sweep.")] = 20,
    ) -> Report:
        """Show a sweep with its best runs first, or one run or experiment with its metrics."""
        report: Report = _without_empty(self._folder.show(name, run, limit))
        if "runs" in report:
            report["runs"] = [_without_empty(one) for one in report["runs"]]
        return report

    def compare(
        self,
        names: Annotated[
            list[str],
            Field(min_length=1, description="One sweep, or several experiments or runs."),
        ],
        runs: Annotated[
            RunNumbers, Field(description="The numbers of its runs, if names is one sweep.")
        ] = None,
    ) -> Comparison:
        """Compare runs: hyperparameters, configuration, and last, min and max of each metric."""
        reports = self._folder.compare(names, runs or [])
        compared: list[ShownRun] = [_without_empty(_comparable(one)) for one in reports]
        return {"runs": compared}

    def tail_output(
        self,
        name: Name,
        run: RunNumber = None,
        lines: Annotated[int, Field(ge=1, description="How many lines.")] = 50,
    ) -> Output:
        """Return the last lines that a run has printed, stdout and stderr together."""
        return {"lines": self._folder.tail_output(name, run, lines)}

    def wait_for_sweep(
        self,
        sweep: SweepName,
        until: Annotated[
            str,
            Field(
                description="finished, or a bound for the best value: best<0.1 for a metric to be "
                "minimised, best>0.9 for one to be maximised."
            ),
        ] = "finished",
        timeout_s: Annotated[
            float,
            Field(
                ge=0,
                le=LONGEST_WAIT_S,
                description="Seconds. Many clients end a call after 60 seconds.",
            ),
        ] = _DEFAULT_WAIT_S,
    ) -> Waited:
        """Wait until a sweep has ended, or until its best value is good enough.

        The outcome is met, ended (the sweep ended without meeting the condition, see state and
        reason) or timed_out (call again to wait longer). best is the best run so far.
        """
        outcome, found = self._folder.wait(sweep, until, timeout_s)
        record = found.record
        answer: Waited = _without_empty(
            {
                "outcome": outcome,
                "state": record.state,
                "reason": record.reason,
                "is_paused": record.is_paused,
                "counts": record.counts,
                "metric": found.optimization_metric,
                "goal": found.optimization_goal,
                "best": None if record.best is None else describe_best(record.best),
                "front": [run.index for run in found.front],
            }
        )
        return answer


class ActingTools:
    """The tools that start or change something."""

    def __init__(self, folder: LogFolder) -> None:
        self._folder = folder

    def start_sweep(
        self,
        config: Annotated[
            str, Field(description="A configuration below the folder in which this server runs.")
        ] = "experiment_cfg.json",
        workers: NumberOfWorkers = None,
        seed: Annotated[
            int | None, Field(ge=0, description="Determines all combinations. Default: random.")
        ] = None,
        max_runs: Annotated[
            int | None, Field(ge=1, description="Instead of max_runs in the configuration.")
        ] = None,
    ) -> StartedSweep:
        """Start a sweep in the background, and return its name. Call wait_for_sweep next.

        The configuration is a W&B sweep file, or a file such as:

        {"main_script_name": "train.py",
         "hyperparameters": {"lr": {"type": "loguniform", "min": 1e-5, "max": 0.1},
                             "layers": {"type": "choice", "candidates": [2, 4]}},
         "max_runs": 20, "early_stopping": false,
         "optimization_metric": "loss", "optimization_goal": "min"}

        The script gets --lr=… --layers=… --logdir=… and logs its metric with
        ml_tracking_ops.logger.ExperimentLogger. For a script that prints lines such as loss=0.5,
        add "metrics_from": "stdout", "metrics_pattern": "name=value". It gets no --logdir then.
        `ml-tracking-ops schema` prints all keys. If the file has mistakes, nothing is started.
        """
        started: StartedSweep = _without_empty(
            self._folder.start(config, workers=workers, seed=seed, max_runs=max_runs)
        )
        return started

    def resume_sweep(
        self,
        sweep: SweepName,
        workers: NumberOfWorkers = None,
        max_runs: Annotated[
            int | None, Field(ge=1, description="A new max_runs, to add runs.")
        ] = None,
    ) -> StartedSweep:
        """Continue a sweep that has ended, in the background.

        It runs what was interrupted, requeued or not started yet. Call wait_for_sweep next.
        """
        started: StartedSweep = _without_empty(
            self._folder.resume(sweep, workers=workers, max_runs=max_runs)
        )
        return started

    def stop(
        self,
        sweep: SweepName,
        runs: Annotated[RunNumbers, Field(description="Default: the whole sweep.")] = None,
    ) -> Answers:
        """Stop some runs of a running sweep, or the whole sweep."""
        return {"answers": self._folder.act(sweep, "stop", runs or [])}

    def requeue(
        self,
        sweep: SweepName,
        runs: Annotated[RunNumbers, Field(description="The numbers of the runs.")] = None,
        only_failed: Annotated[
            bool, Field(description="All runs that failed, instead of runs.")
        ] = False,
    ) -> Answers:
        """Run some runs of a sweep again with the same hyperparameters, as new attempts.

        If the sweep has ended, call resume_sweep afterwards.
        """
        return {"answers": self._folder.requeue(sweep, runs or [], only_failed=only_failed)}

    def pause_or_continue(self, sweep: SweepName, action: Literal["pause", "continue"]) -> Answers:
        """Pause a sweep (running runs finish, no new ones start), or continue a paused one."""
        return {"answers": self._folder.act(sweep, action)}

    def set_workers(
        self,
        sweep: SweepName,
        n_workers: Annotated[int, Field(ge=1, description="How many runs at once.")],
    ) -> Answers:
        """Change how many runs of a running sweep run at once."""
        return {"answers": self._folder.act(sweep, "workers", n_workers=n_workers)}


_COMPARED = (
    "name",
    "sweep",
    "index",
    "state",
    "reason",
    "hyperparameters",
    "config",
    "best_value",
    "best_step",
    "values",
    "metrics",
    "label",
    "tags",
    "note",
)


def _comparable(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report[key] for key in _COMPARED if key in report}


def _without_empty(answer: Mapping[str, Any]) -> Any:
    """Leave out what has no value, because an agent pays for each word."""
    return {key: value for key, value in answer.items() if value not in (None, "", [], {}, ())}
