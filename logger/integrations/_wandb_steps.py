"""The steps of W&B: counted automatically, never decreasing, and replaceable by another metric."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase


class Steps:
    """Attributes:
    current: the step of the next `log` without a step.
    """

    def __init__(self) -> None:
        self.current = 0
        self._step_metrics: list[tuple[str, str]] = []
        self._latest: dict[str, float] = {}

    def define(self, pattern: str, step_metric: str | None) -> None:
        """Use the latest value of `step_metric` as the step of metrics that match."""
        if step_metric is not None:
            self._step_metrics.append((pattern, step_metric))

    def take(self, step: int | None, commit: bool | None) -> int | None:
        """Return the step of a `log`, or None if it is before the current one."""
        if step is not None and step < self.current:
            return None
        at = self.current if step is None else step
        self.current = at
        if commit if commit is not None else step is None:
            self.current += 1
        return at

    def note(self, values: Mapping[str, float]) -> None:
        """Remember the latest values, some of which may be steps."""
        self._latest.update(values)

    def step_for(self, name: str, at: int, warn_once: Callable[[str], None]) -> int:
        """Return the step that a value of a metric is logged with."""
        for pattern, step_metric in reversed(self._step_metrics):
            if not fnmatchcase(name, pattern) or name == step_metric:
                continue
            value = self._latest.get(step_metric)
            if value is not None and float(value).is_integer():
                return int(value)
            warn_once(
                f"wandb: the step metric {step_metric!r} of {name!r} is {value}, not a "
                "whole number. "
                "W&B's own step is used instead"
            )
        return at
