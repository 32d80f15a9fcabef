"""Runs of an earlier sweep, as far as they fit a new search space."""

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
    """The runs of one earlier sweep that fit the new search space.

    Attributes:
        name: of its folder, or of Optuna's study.
        left_out: how many runs are left out, for each reason.
        values: those that each run has beside the best one.
        metrics: those that the objectives and constraints of the new sweep use.
    """

    name: str
    known: Sequence[WarmStartRun]
    left_out: Mapping[str, int] = field(default_factory=dict)
    values: Sequence[Mapping[str, float]] = ()
    metrics: frozenset[str] = frozenset()

    @property
    def n_left_out(self) -> int:
        return sum(self.left_out.values())

    @property
    def left_out_text(self) -> str | None:
        """A message about the runs that are left out, or None if all are used."""
        if not self.left_out:
            return None
        if self.left_out.keys() == {NO_PLACE}:
            return f"warm_start: {self.n_left_out} runs of {self.name} are left out: {NO_PLACE}"
        reasons = "; ".join(f"{n}: {reason}" for reason, n in self.left_out.items())
        n_all = self.n_left_out + len(self.known)
        return (
            f"warm_start: {self.n_left_out} of {n_all} runs of {self.name} are left out ({reasons})"
        )

    @property
    def lacking_text(self) -> str | None:
        """A message about runs without a metric that the new sweep uses, or None."""
        missing = [self.metrics - values.keys() for values in self.values]
        n_lacking = sum(map(bool, missing))
        if not n_lacking:
            return None
        names = ", ".join(sorted({name for names in missing for name in names}))
        return (
            f"warm_start: {n_lacking} of {len(self.values)} runs of {self.name} have no value of "
            f"{names}, which where or objectives use. The sampler learns little from them"
        )

    @property
    def warnings(self) -> list[str]:
        """What the user should know about runs that are of no use."""
        return [text for text in (self.left_out_text, self.lacking_text) if text is not None]

    def as_events(self) -> list[dict[str, Any]]:
        """Return the events for the new sweep's journal, so that it no longer needs the old
        folder."""
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
    """Return the combination of a search space that has the given values, if there is one."""
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
