"""The result of a sweep, for Python programs and notebooks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_tracking_ops.logger.results.tables import as_columns, frame_of, html_table

from ..search.space import Space
from ..store.outcomes.aims import Objective
from ..store.run_record import RunRecord
from ..store.sweep_record import SweepRecord

if TYPE_CHECKING:
    import optuna

    from ..verdict.verdicts import Verdict


@dataclass(frozen=True)
class SweepResult:
    """The result of a sweep: its folder, its seed, and the state of each run."""

    folder: Path
    seed: int
    record: SweepRecord
    space: Space = field(default_factory=lambda: Space({}), repr=False, compare=False)

    @property
    def state(self) -> str:
        return self.record.state

    @property
    def runs(self) -> list[RunRecord]:
        """The runs, in the order of their index."""
        return [self.record.runs[index] for index in sorted(self.record.runs)]

    @property
    def best(self) -> RunRecord | None:
        """The run with the best value of the optimization metric.

        None for a sweep with several objectives, which has a front.
        """
        return self.record.best

    @property
    def objectives(self) -> Sequence[Objective]:
        """The objectives of a sweep with several, or empty for any other."""
        return self.record.aims.objectives

    @property
    def front(self) -> list[RunRecord]:
        """The runs that no other dominates, by being as good in every objective and better in one.

        Their `values` hold the value of each objective. Empty without several objectives.
        """
        return self.record.front

    @property
    def hypervolume(self) -> float | None:
        """The volume that the front dominates, up to the reference point.

        None without results, and with more than three objectives.
        """
        measured = self.record.measure_front()
        return None if measured is None else measured.volumes[-1]

    @cached_property
    def verdict(self) -> "Verdict | None":
        """The combination that won, and how sure that is.

        None if the sweep has neither `confirm` nor `repeats`, or too few results.
        """
        from ..verdict.evidence import sweep_verdict

        return sweep_verdict(self.record)

    def to_pandas(self) -> Any:
        """Return the runs as a pandas data frame: name, state, hyperparameters, best value.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame_of("pandas", as_columns(self._rows()))

    def to_optuna(self) -> "optuna.Study":
        """Return the runs as an Optuna study in memory, for its plots and other tools.

        Finished runs are complete trials, those that were stopped early are pruned, the others
        have failed. Runs that confirm leaders are left out. With several objectives the study has
        a direction for each.

        Raises:
            UsageError: Optuna is not installed.
        """
        from ..search.as_optuna import as_optuna_study

        record = self.record
        return as_optuna_study(self.folder.name, self.runs, self.space, record.goal, record.aims)

    def to_polars(self) -> Any:
        """Return the same table as a polars data frame.

        Raises:
            ImportError: polars is not installed.
        """
        return frame_of("polars", as_columns(self._rows()))

    def _repr_html_(self) -> str:
        return html_table(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "run": run.index,
                "name": run.name,
                "state": run.state,
                **run.hyperparameters,
                **self._results(run),
            }
            for run in self.runs
        ]

    def _results(self, run: RunRecord) -> dict[str, Any]:
        """Return the columns of a run's results."""
        aims = self.record.aims
        found: dict[str, Any] = {}
        if not aims.objectives:
            found = {"best_value": run.best_value, "best_step": run.best_step}
        found |= {name: run.values.get(name) for name in aims.columns if name not in found}
        if aims.where:
            found["is_feasible"] = run.has_ended and run.is_feasible
        return {**found, "is_on_front": run in self.front} if aims.objectives else found
