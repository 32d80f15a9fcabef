"""What earlier sweeps found, for a new one to start from."""

from pathlib import Path

from ml_tracking_ops.logger import paths

from ...store.histories.history import WarmStartRun
from ...store.journal import JournalTail
from ...store.outcomes.aims import NO_AIMS, Aims
from ...store.run_states import RESULTS_THAT_COUNT
from ...store.sweep_record import SweepRecord
from ..settings import OptunaStorage
from ..space import Space
from .earlier_sweep import NO_PLACE, EarlierSweep, fit
from .optuna_storage import read_optuna_study


def read_earlier_sweep(folder: Path, space: Space) -> EarlierSweep:
    """Read the runs that a sweep brought to an end. Those that do not fit are counted."""
    sweep = SweepRecord()
    for event in JournalTail(folder / paths.JOURNAL_NAME).read():
        sweep.apply(event)
    ended = [run for run in sweep.runs.values() if run.state in RESULTS_THAT_COUNT]
    fitted = [(run, values) for run in ended if (values := fit(space, run.hyperparameters))]
    known = [
        WarmStartRun(values, run.state, run.best_value, run.stopping_rule) for run, values in fitted
    ]
    n_left_out = len(ended) - len(known)
    left_out = {NO_PLACE: n_left_out} if n_left_out else {}
    return EarlierSweep(folder.name, known, left_out, [run.values for run, _ in fitted])


def read_earlier(
    given: str | OptunaStorage, folder: Path, space: Space, aims: Aims = NO_AIMS
) -> EarlierSweep:
    """Read what an entry of `warm_start` names, relative to the folder of the configuration.

    Raises:
        UsageError: a study of Optuna's cannot be read.
    """
    if isinstance(given, str):
        return read_earlier_sweep(folder / given, space)
    return read_optuna_study(given, folder, space, aims)
