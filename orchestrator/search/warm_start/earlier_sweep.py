"""Runs of an earlier sweep, as far as they have a place in a new search space."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from pydantic import JsonValue

from ...store.histories.history import WarmStartRun
from ..space import Combination, Space

NO_PLACE = "they do not fit into this search space"


@dataclass(frozen=True)
class EarlierSweep:
    """The runs of one earlier sweep that have a place in the new search space.

    Attributes:
        name: of its folder, or of Optuna's study.
        left_out: how many runs are left out, for each reason.
        values: those that its journal holds of each run beside the best one.
    """

    name: str
    known: Sequence[WarmStartRun]
    left_out: Mapping[str, int] = field(default_factory=dict)
    values: Sequence[Mapping[str, float]] = ()

    @property
    def n_left_out(self) -> int:
        return sum(self.left_out.values())

    @property
    def left_out_text(self) -> str | None:
        """What to tell the user of the runs that are left out, or None if all are taken."""
        if not self.left_out:
            return None
        if self.left_out.keys() == {NO_PLACE}:
            return f"warm_start: {self.n_left_out} runs of {self.name} are left out: {NO_PLACE}"
        reasons = "; ".join(f"{n}: {reason}" for reason, n in self.left_out.items())
        n_all = self.n_left_out + len(self.known)
        return (
            f"warm_start: {self.n_left_out} of {n_all} runs of {self.name} are left out ({reasons})"
        )

    def as_events(self) -> list[dict[str, Any]]:
        """What the new sweep's journal takes down, so that it needs the old folder no more."""
        return [
            {
                "hyperparameters": run.hyperparameters,
                "state": run.state,
                "best_value": run.value,
                "sweep": self.name,
                **({} if run.stopped_by is None else {"stopped_by": run.stopped_by}),
                **({"values": dict(values)} if values else {}),
            }
            for run, values in zip_longest(self.known, self.values)
        ]


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
