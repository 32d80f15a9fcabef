"""What came of a sweep, as Python programs and notebooks get it."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_tracking_ops.logger.results.tables import as_columns, frame_of, html_table

from ..search.space import Space
from ..store.run_record import RunRecord
from ..store.sweep_record import SweepRecord
from ..verdict.evidence import sweep_verdict
from ..verdict.verdicts import Verdict

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class SweepResult:
    """What came of a sweep: its folder, its seed, and the state of each run."""

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
        """The run with the best value of the optimisation metric."""
        return self.record.best

    @cached_property
    def verdict(self) -> Verdict | None:
        """Which combination won, and how sure that is.

        None if the sweep has neither `confirm` nor `repeats`, or too few results.
        """
        return sweep_verdict(self.record)

    def to_pandas(self) -> Any:
        """The runs as a pandas data frame: name, state, hyperparameters, best value.

        Raises:
            ImportError: pandas is not installed.
        """
        return frame_of("pandas", as_columns(self._rows()))

    def to_optuna(self) -> "optuna.Study":
        """The runs as a study of Optuna's in memory, for its plots and other tools.

        Finished runs are complete trials, those that were stopped early are pruned, the others
        have failed. Runs that confirm leaders are left out.

        Raises:
            UsageError: Optuna is not installed.
        """
        from ..search.as_optuna import as_optuna_study

        return as_optuna_study(self.folder.name, self.runs, self.space, self.record.goal)

    def to_polars(self) -> Any:
        """The same as a polars data frame.

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
                "best_value": run.best_value,
                "best_step": run.best_step,
            }
            for run in self.runs
        ]
