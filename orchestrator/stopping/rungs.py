"""The values of runs at the rungs of successive halving, of one metric or of several."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from .decision import Resource, RunProgress, StopDecision


class ArrivalsAtRungs:
    """Collects the values of each run at each rung, of every metric.

    Rungs are at `min_resource × reduction_factor^k`, below `max_resource`. A run has reached one
    as soon as it has logged each metric there or later.
    """

    def __init__(
        self,
        metrics: Iterable[str],
        *,
        min_resource: int,
        reduction_factor: int,
        max_resource: int | None,
        resource: Resource,
    ) -> None:
        self._first = min_resource
        self._factor = reduction_factor
        self._end = math.inf if max_resource is None else max_resource
        self._progress = {name: RunProgress(resource) for name in metrics}
        self._next: dict[tuple[int, str], int] = {}
        self._values: dict[int, dict[int, dict[str, float]]] = {}

    def advance(
        self, run: int, metric: str, step: int, value: float
    ) -> Iterator[tuple[int, Mapping[str, float]]]:
        """Take in a value of one metric.

        Yields:
            Each rung that the run has now reached, and the values of all metrics there.
        """
        amount = self._progress[metric].advance(run, step)
        while (rung := self._next.get((run, metric), self._first)) <= amount and rung < self._end:
            values = self._values.setdefault(run, {}).setdefault(rung, {})
            values[metric] = value
            self._next[run, metric] = rung * self._factor
            if len(values) == len(self._progress):
                yield rung, {name: values[name] for name in self._progress}

    def forget(self, run: int) -> list[int]:
        """Drop what a run has logged, and return the rungs where it had a value of some metric."""
        for name, progress in self._progress.items():
            self._next.pop((run, name), None)
            progress.forget(run)
        return [*self._values.pop(run, ())]

    def at(self, rung: int) -> str:
        """`at step 9`, `after 9 values`."""
        return next(iter(self._progress.values())).at(rung)


class RuleOfAllObjectives(Protocol):
    """A rule that takes in the values of several objectives."""

    def observe(self, run: int, metric: str, step: int, value: float) -> StopDecision | None: ...

    def forget(self, run: int) -> None: ...


class ObjectivePart:
    """Passes the values of one objective to a rule that judges by all of them."""

    def __init__(self, whole: RuleOfAllObjectives, metric: str) -> None:
        self.metric = metric
        self.whole = whole

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        return self.whole.observe(run, self.metric, step, value)

    def complete(self, run: int) -> None:
        """Do nothing: all runs that reached a rung count, however they continued."""

    def forget(self, run: int) -> None:
        self.whole.forget(run)


def number_of_runs(count: int) -> str:
    """Return `1 run`, `2 runs` and so on."""
    return "1 run" if count == 1 else f"{count} runs"
