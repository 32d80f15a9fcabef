"""Read the results of earlier sweeps, for a new one to start from."""

from collections.abc import Mapping
from pathlib import Path

from ml_tracking_ops.logger import paths

from ...store.histories.history import WarmStartRun
from ...store.journal import JournalTail
from ...store.outcomes.aims import NO_AIMS, Aims, OutcomeTracker
from ...store.run_record import RunRecord
from ...store.run_states import RESULTS_THAT_COUNT
from ...store.sweep_record import SweepRecord
from ..settings import OptunaStorage
from ..space import Space
from .earlier_sweep import NO_PLACE, EarlierSweep, fit
from .optuna_storage import read_optuna_study


def read_earlier_sweep(folder: Path, space: Space, aims: Aims = NO_AIMS) -> EarlierSweep:
    """Read the ended runs of a sweep. Those that do not fit are counted.

    Metrics that its journal does not hold, since that sweep had no such constraint, are read from
    the logs of its runs.
    """
    sweep = SweepRecord()
    for event in JournalTail(folder / paths.JOURNAL_NAME).read():
        sweep.apply(event)
    ended = [run for run in sweep.runs.values() if run.state in RESULTS_THAT_COUNT]
    fitted = [(run, values) for run in ended if (values := fit(space, run.hyperparameters))]
    kept = [_values(folder, run, aims) for run, _ in fitted]
    known = [
        WarmStartRun(
            fits,
            run.state,
            run.best_value,
            run.stopping_rule,
            aims.result(values) or None,
            aims.violations(values),
        )
        for (run, fits), values in zip(fitted, kept, strict=True)
    ]
    n_left_out = len(ended) - len(known)
    left_out = {NO_PLACE: n_left_out} if n_left_out else {}
    return EarlierSweep(folder.name, known, left_out, kept, aims.metrics)


def _values(folder: Path, run: RunRecord, aims: Aims) -> Mapping[str, float]:
    """Return the values of a run in its journal, and those that the new sweep needs beside them."""
    if run.name is None or aims.metrics <= run.values.keys():
        return run.values
    from ...store.histories.run_history import load_history  # needs numpy

    history = load_history(folder / f"{run.name}{paths.DAT_SUFFIX}", run)
    tracker = OutcomeTracker(aims)
    for metric, series in ({} if history is None else history.series).items():
        if metric in aims.metrics:
            tracker.update(metric, series.step.tolist(), series.value.tolist())
    return {**tracker.values, **run.values}


def read_earlier(
    given: str | OptunaStorage, folder: Path, space: Space, aims: Aims = NO_AIMS
) -> EarlierSweep:
    """Read what an entry of `warm_start` names, relative to the folder of the configuration.

    Raises:
        UsageError: an Optuna study cannot be read.
    """
    if isinstance(given, str):
        return read_earlier_sweep(folder / given, space, aims)
    return read_optuna_study(given, folder, space, aims)
