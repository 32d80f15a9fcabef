"""What earlier sweeps found, for a new one to start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from ml_tracking_ops.logger import paths

from ..store.histories.history import Known
from ..store.journal import JournalTail
from ..store.run_states import RESULTS_THAT_COUNT
from ..store.sweep_record import SweepRecord
from .space import Combination, Space


@dataclass(frozen=True)
class EarlierSweep:
    """The runs of one earlier sweep that have a place in the new search space."""

    folder: Path
    known: Sequence[Known]
    n_left_out: int

    def as_events(self) -> list[dict[str, Any]]:
        """What the new sweep's journal takes down, so that it needs the old folder no more."""
        return [
            {
                "hyperparameters": run.hyperparameters,
                "state": run.state,
                "best_value": run.value,
                "sweep": self.folder.name,
                **({} if run.stopped_by is None else {"stopped_by": run.stopped_by}),
            }
            for run in self.known
        ]


def read_earlier_sweep(folder: Path, space: Space) -> EarlierSweep:
    """Read the runs that a sweep brought to an end; those that do not fit are counted."""
    sweep = SweepRecord()
    for event in JournalTail(folder / paths.JOURNAL_NAME).read():
        sweep.apply(event)
    ended = [run for run in sweep.runs.values() if run.state in RESULTS_THAT_COUNT]
    fitted = [(run, fit(space, run.hyperparameters)) for run in ended]
    known = [
        Known(values, run.state, run.best_value, run.stopping_rule)
        for run, values in fitted
        if values
    ]
    return EarlierSweep(folder, known, len(ended) - len(known))


def fit(space: Space, given: Mapping[str, JsonValue]) -> Combination | None:
    """The combination of a search space that has the given values, if there is one."""
    try:
        combination = space.build(lambda name, distribution: given[name])
    except KeyError:
        return None
    fits = all(
        space.hyperparameters[name].holds(combination[name])
        for name in combination
        if name in space.sampled
    )
    return combination if fits and space.allows(combination) else None
