"""The content of `list` and `show`: plain data, the same for people and for scripts."""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from ml_tracking_ops.logger.media.history import MediaHistory
from ml_tracking_ops.logger.reading.reader import RunLog, Series, read_run_log

from ..commands.rerun import rerun_command
from ..store.annotations import Annotation
from ..store.catalog import Catalog, FoundRun
from ..store.combinations import (
    RepeatedCombination,
    best_combination,
    best_repeated,
    mean_text,
    repeated_combinations,
)
from ..store.experiments import Experiment
from ..store.files.run_files import list_files
from ..store.media_histories import MEDIA
from ..store.outcomes.logged_values import kept_values
from ..store.run_details import config_of, read_details
from ..store.run_record import RunRecord
from ..store.run_states import STATES, counts_text, not_counted
from ..store.sweep_folder import Sweep, best_logged
from ..store.tensorboard.tags import other_tags
from .outcomes import name_of_run, objective_entries, outcome_of
from .settings import sweep_environment
from .shapes import (
    AnnotatedEntry,
    CombinationEntry,
    Listed,
    ListedExperiment,
    ListedSweep,
    LoggedFiles,
    LoggedMetrics,
    MediaCount,
    MetricEntry,
    ReportedRun,
    RunReport,
    SamplerEntry,
    SweepReport,
)
from .verdicts import report_verdict


def list_reports(catalog: Catalog, *, is_archived: bool = False) -> list[Listed]:
    """Return one entry for each experiment and sweep, the newest first: the archived, or the
    others."""
    entries: list[Listed] = [
        *(
            _experiment_entry(experiment)
            for experiment in catalog.experiments.values()
            if experiment.annotation.is_archived == is_archived
        ),
        *(
            _sweep_entry(sweep)
            for sweep in catalog.sweeps.values()
            if sweep.annotations.own.is_archived == is_archived
        ),
    ]
    return sorted(entries, key=lambda entry: -entry["started_at"])


def _experiment_entry(experiment: Experiment) -> ListedExperiment:
    details = read_details(experiment.dat_path)
    return {
        "name": experiment.name,
        "kind": "experiment",
        "path": str(experiment.dat_path.parent),
        "state": experiment.state(),
        "started_at": experiment.started_at,
        "config": dict(details.config),
        "environment": dict(details.environment),
        **_annotated(experiment.annotation),
    }


def _sweep_entry(sweep: Sweep) -> ListedSweep:
    fill_in_best(sweep)
    best, own = sweep.best, sweep.annotations.own
    entry: ListedSweep = {
        "name": sweep.name,
        "kind": "sweep",
        "path": str(sweep.path),
        "state": sweep.record.state,
        "started_at": sweep.started_at,
        "ended_at": sweep.record.ended_at,
        "counts": sweep.record.counts,
        "best": None if best is None else best.name,
        "best_value": None if best is None else finite(best.best_value),
        "best_state": None if best is None else best.state,
        "objectives": [one.metric for one in sweep.aims.objectives],
        "front": [name_of_run(run) for run in sweep.front],
        "is_paused": sweep.record.is_paused,
        "label": own.name,
        "tags": list(own.tags),
        "note": own.note,
    }
    if isinstance(sweep.config.get("repeats"), Mapping):
        found = best_repeated(sweep)
        entry["best_combination"] = None if found is None else _combination_entry(found)
    return entry


def _annotated(annotation: Annotation) -> AnnotatedEntry:
    return {"label": annotation.name, "tags": list(annotation.tags), "note": annotation.note}


def show_sweep(sweep: Sweep) -> SweepReport:
    """Return a sweep's summary and its runs, in the order of their index."""
    fill_in_best(sweep)
    return sweep_report(sweep, [run for _, run in sorted(sweep.record.runs.items())])


def sweep_report(sweep: Sweep, runs: Iterable[RunRecord]) -> SweepReport:
    """Return a sweep's summary with the given runs."""
    record, best, own = sweep.record, sweep.best, sweep.annotations.own
    other = sweep.best_that_counts
    fronted = sweep.front
    on_front = {run.index for run in fronted}
    measured = sweep.measure_front()
    report: SweepReport = {
        "name": sweep.name,
        "path": str(sweep.path),
        "state": record.state,
        "reason": record.reason,
        "started_at": sweep.started_at,
        "ended_at": record.ended_at,
        "optimization_metric": sweep.optimization_metric,
        "optimization_goal": sweep.optimization_goal,
        "seed": sweep.seed,
        "max_runs": sweep.config.get("max_runs"),
        "counts": record.counts,
        "best": None if best is None else best.name,
        "best_that_counts": None if other is None else other.name,
        "is_paused": record.is_paused,
        "label": own.name,
        "tags": list(own.tags),
        "note": own.note,
        "runs": [
            {
                **_run_entry(run),
                "config": _logged_config(sweep, run),
                **_annotated(sweep.annotations.run(run.index)),
                **outcome_of(sweep, run, on_front),
            }
            for run in runs
        ],
        "sampler": sampler_entry(sweep),
        "verdict": report_verdict(sweep),
        "objectives": objective_entries(sweep, measured),
        "front": [name_of_run(run) for run in fronted],
        "hypervolume": None if measured is None else measured.volumes[-1],
        "where": [one.text for one in sweep.aims.where],
    }
    repeats = sweep.config.get("repeats")
    if isinstance(repeats, Mapping):
        _add_combinations(report, sweep, str(repeats.get("seed_name")))
    return report


def sampler_entry(sweep: Sweep) -> SamplerEntry:
    """Return the sampler that chooses a sweep's combinations, with `auto` resolved."""
    if (picked := sweep.record.picked) is not None:
        return {"name": picked[0], "reason": picked[1]}
    given = sweep.config.get("sampler", "random")
    name = given.get("type") if isinstance(given, Mapping) else given
    return {"name": name if isinstance(name, str) else None, "reason": None}


def _add_combinations(report: SweepReport, sweep: Sweep, seed_name: str) -> None:
    runs = sweep.record.runs
    found = repeated_combinations((runs[index] for index in sorted(runs)), seed_name)
    best = best_combination(found, sweep.optimization_goal)
    report["combinations"] = [_combination_entry(one) for one in found]
    report["best_combination"] = None if best is None else best.number


def _combination_entry(one: RepeatedCombination) -> CombinationEntry:
    return {
        "combination": one.number,
        "hyperparameters": one.hyperparameters,
        "runs": [run.name for run in one.runs],
        "n_values": len(one.values),
        "mean": finite(one.mean),
        "spread": finite(one.spread),
    }


def _run_entry(run: RunRecord) -> ReportedRun:
    return {
        "name": run.name,
        "index": run.index,
        "state": run.state,
        "reason": run.reason,
        "hyperparameters": run.hyperparameters,
        "best_value": finite(run.best_value),
        "best_step": run.best_step,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "exit_code": run.exit_code,
        "attempt": run.attempt,
        "slot": run.slot,
        "job": None if run.ref is None or run.queued_at is None else run.ref.label,
        "node": None if run.queued_at is None else run.node,
        "gpus": list(run.gpus),
        "queued_at": run.queued_at,
        "is_confirming": run.is_confirming,
    }


def _logged_config(sweep: Sweep, run: RunRecord) -> dict[str, Any]:
    path = sweep.dat_path(run)
    return {} if path is None else dict(config_of(path))


def fill_in_best(sweep: Sweep) -> None:
    """Read the best value so far of runs whose journal does not contain it yet."""
    for run in sweep.record.runs.values():
        dat_path = sweep.dat_path(run)
        is_unrecorded = run.state == "running" or run.state == "lost"
        if is_unrecorded and dat_path is not None and sweep.aims.metrics:
            run.values = kept_values(dat_path, sweep.aims)
            run.is_feasible = sweep.aims.are_met(run.values)
        if is_unrecorded and dat_path is not None:
            run.best_value, run.best_step = best_logged(
                dat_path, sweep.optimization_metric, sweep.optimization_goal
            )


def show_run(found: Experiment | FoundRun) -> RunReport:
    """Return a run's metrics, each with its count, its ends and its extremes.

    For a run of a sweep, also its hyperparameters, how it ended, and the command that reruns it.
    """
    log = _log_of(found)
    metrics: LoggedMetrics = {
        "path": str(dat_path_of(found)),
        "n_damaged_records": 0 if log is None else log.n_skipped,
        "other_tags": dict(other_tags(dat_path_of(found)).by_kind) if log is not None else {},
        "metrics": {} if log is None else {n: _metric_entry(series) for n, series in log.items()},
    }
    if isinstance(found, FoundRun):
        annotation = found.sweep.annotations.run(found.run.index)
        return {
            **_run_entry(found.run),
            **_annotated(annotation),
            **outcome_of(found.sweep, found.run, {run.index for run in found.sweep.front}),
            **metrics,
            **_files(found.sweep.run_folder(found.run)),
            "media": _media(dat_path_of(found)),
            "config": _logged_config(found.sweep, found.run),
            "environment": sweep_environment(found.sweep.description),
            "sweep": found.sweep.name,
            "rerun": _rerun_line(found),
        }
    details, evidence = read_details(found.dat_path), found.evidence()
    exit_code = details.end.get("exit_code")
    return {
        "name": found.name,
        "state": evidence.state,
        "reason": evidence.reason,
        "exit_code": exit_code if isinstance(exit_code, int) else None,
        "started_at": found.started_at,
        **_annotated(found.annotation),
        **metrics,
        **_files(found.run_folder),
        "media": _media(found.dat_path),
        "config": dict(details.config),
        "environment": dict(details.environment),
    }


def _files(folder: Path | None) -> LoggedFiles:
    return {
        "run_dir": None if folder is None else str(folder.absolute()),
        "files": [
            {"path": file.path, "size_bytes": file.size_bytes} for file in list_files(folder).files
        ],
    }


def _media(dat_path: Path) -> list[MediaCount]:
    return MEDIA.use(dat_path, _media_of)


def _media_of(history: MediaHistory) -> list[MediaCount]:
    return [
        {
            "kind": kind,
            "name": name,
            "count": len(track.kept),
            "first_step": track.kept[0].step,
            "last_step": track.kept[-1].step,
        }
        for (kind, name), track in history.tracks.items()
    ]


def _log_of(found: Experiment | FoundRun) -> RunLog | None:
    """Return a log, or None for a run of a sweep that ended before it logged anything."""
    try:
        return read_run_log(dat_path_of(found))
    except FileNotFoundError:
        if isinstance(found, FoundRun) and found.run.name is not None:
            return None
        raise


def _rerun_line(found: FoundRun) -> str | None:
    sweep, run = found.sweep, found.run
    rerun = rerun_command(
        sweep.description,
        sweep.path.resolve(),
        run.name or f"run_{run.index}",
        run.hyperparameters,
        sweep.path.resolve().parent,
        run.index,
    )
    return None if rerun is None else rerun.line


def dat_path_of(found: Experiment | FoundRun) -> Path:
    if isinstance(found, Experiment):
        return found.dat_path
    path = found.sweep.dat_path(found.run)
    if path is None:
        raise FileNotFoundError(f"run {found.run.index} has not been started")
    return path


def _metric_entry(series: Series) -> MetricEntry:
    values = [value for value in series.value.tolist() if not math.isnan(value)]
    count = len(series.step)
    return {
        "count": count,
        "first_step": int(series.step[0]) if count else None,
        "last_step": int(series.step[-1]) if count else None,
        "last": finite(float(series.value[-1])) if count else None,
        "min": finite(min(values, default=None)),
        "max": finite(max(values, default=None)),
    }


def finite(value: float | None) -> float | None:
    """Return a number that JSON can hold: null if it is NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def describe_list(entries: list[Listed]) -> Iterator[tuple[str, ...]]:
    """Yield the head and the rows of the table that `list` prints. Names and tags are optional
    columns."""
    every: tuple[Literal["label", "tags"], ...] = ("label", "tags")
    keys = [key for key in every if any(entry[key] for entry in entries)]
    yield ("NAME", "KIND", "STATE", "RUNS", "BEST", *(key.upper() for key in keys))
    for entry in entries:
        yield (
            entry["name"],
            entry["kind"],
            *(
                _sweep_cells(entry)
                if entry["kind"] == "sweep"
                else (STATES[entry["state"]].word, "", "")
            ),
            *(_joined(entry[key]) for key in keys),
        )


def _sweep_cells(entry: ListedSweep) -> tuple[str, str, str]:
    """Return the columns STATE, RUNS and BEST."""
    runs = counts_text(entry["counts"])
    return ("paused" if entry["is_paused"] else entry["state"], runs, _best_cell(entry))


def _best_cell(entry: ListedSweep) -> str:
    """Return the best value, or the best mean ± standard deviation of a sweep with repeats."""
    best, combination = entry["best_value"], entry.get("best_combination")
    if entry["objectives"]:
        return f"front of {len(entry['front'])}"
    if combination is not None and combination["mean"] is not None:
        return mean_text(combination["mean"], combination["spread"])
    if best is None or entry["best_state"] is None:
        return ""
    return f"{best:.6g}{not_counted(entry['best_state'])}"


def _joined(value: str | list[str] | None) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""
