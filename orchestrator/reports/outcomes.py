"""The reports about several objectives and constraints on outcomes."""

from collections.abc import Collection

from ..store.outcomes.front_measure import FrontMeasure
from ..store.run_record import RunRecord
from ..store.sweep_folder import Sweep
from .shapes import ObjectiveEntry, RunOutcome


def objective_entries(sweep: Sweep, measured: FrontMeasure | None) -> list[ObjectiveEntry]:
    objectives = sweep.aims.objectives
    known = [one.reference for one in objectives] if measured is None else measured.reference
    return [
        {"metric": one.metric, "goal": one.goal, "take": one.take, "reference": reference}
        for one, reference in zip(objectives, known, strict=True)
    ]


def outcome_of(sweep: Sweep, run: RunRecord, on_front: Collection[int]) -> RunOutcome:
    """Return the outcome of a run of a sweep with several objectives or constraints."""
    aims = sweep.aims
    return {
        "values": run.values,
        "is_feasible": (run.has_ended and run.is_feasible) if aims.where else None,
        "is_on_front": run.index in on_front if aims.objectives else None,
    }


def name_of_run(run: RunRecord) -> str:
    """Return the name of a run, by default from its index."""
    return run.name or f"run_{run.index}"
