"""All rules of a sweep together."""

from collections.abc import Iterable, Sequence

from .decision import Rule, StopDecision


class StoppingRules:
    """Passes every value to every rule for its metric. The first decision stops the run.

    Values of a run that has been stopped are no longer passed on: what it logs until it is gone has
    no effect.
    """

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self._by_metric: dict[str, list[Rule]] = {}
        self._rules = tuple(rules)
        self._stopped: set[int] = set()
        for rule in rules:
            self._by_metric.setdefault(rule.metric, []).append(rule)

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that a rule uses."""
        return frozenset(self._by_metric)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the order in which they are applied."""
        return self._rules

    def update(
        self, run: int, metric: str, steps: Iterable[int], values: Iterable[float]
    ) -> StopDecision | None:
        """Take in a run's new values, in the order logged, and return the decision to stop.

        How they are divided into calls makes no difference.
        """
        rules = self._by_metric.get(metric)
        if rules is None or run in self._stopped:
            return None
        for step, value in zip(steps, values, strict=True):
            for rule in rules:
                if (decision := rule.observe(run, step, value)) is not None:
                    self._stopped.add(run)
                    return decision
        return None

    def complete(self, run: int) -> None:
        """Take in that a run has finished by itself."""
        if run not in self._stopped:
            for rule in self._rules:
                rule.complete(run)

    def forget(self, run: int) -> None:
        """Drop what a run has logged: it starts again (a new attempt, or a new log)."""
        self._stopped.discard(run)
        for rule in self._rules:
            rule.forget(run)
