"""The quality of the Pareto front of a sweep after each of its results."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..run_record import RunRecord
from .aims import Objective, losses_of
from .pareto import MOST_MEASURED, hypervolumes, worst_of


@dataclass(frozen=True)
class FrontMeasure:
    """The hypervolume after each result.

    Attributes:
        reference: the reference point, a value for each objective: that of the configuration, or
            the worst of all results.
        runs: those with a result, in the order in which they ended.
        volumes: the hypervolume after each of them.
    """

    reference: tuple[float, ...]
    runs: Sequence[RunRecord]
    volumes: Sequence[float]


def measure(
    objectives: Sequence[Objective], results: Sequence[tuple[RunRecord, tuple[float, ...]]]
) -> FrontMeasure | None:
    """Return the hypervolume over time, or None without results, and with more than three
    objectives.

    Args:
        results: in the order in which the runs ended, with a value for each objective.
    """
    if not results or len(objectives) > MOST_MEASURED:
        return None
    losses = [losses_of(objectives, result) for _, result in results]
    worst = worst_of(losses)
    reference = tuple(
        loss if one.reference is None else one.loss(one.reference)
        for one, loss in zip(objectives, worst, strict=True)
    )
    return FrontMeasure(
        losses_of(objectives, reference),  # applying a sign twice restores the value
        [run for run, _ in results],
        hypervolumes(losses, reference),
    )
