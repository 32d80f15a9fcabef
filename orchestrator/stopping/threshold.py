"""Stop runs at values that no run recovers from: NaN, infinity, or beyond a limit."""

import math

from .decision import StopDecision, short_number


class Threshold:
    """Stops a run whose metric goes above or below a limit or, with `check_finite`, is not
    finite."""

    name = "threshold"

    def __init__(
        self,
        metric: str,
        *,
        above: float | None = None,
        below: float | None = None,
        check_finite: bool = True,
    ) -> None:
        self.metric = metric
        self._above = math.inf if above is None else above
        self._below = -math.inf if below is None else below
        self._check_finite = check_finite

    def observe(self, run: int, step: int, value: float) -> StopDecision | None:
        if self._below <= value <= self._above and (not self._check_finite or math.isfinite(value)):
            return None
        if value > self._above:
            return self._decide(step, value, self._above, f", above {short_number(self._above)}")
        if value < self._below:
            return self._decide(step, value, self._below, f", below {short_number(self._below)}")
        if self._check_finite and not math.isfinite(value):
            return self._decide(step, value, None, "")
        return None

    def complete(self, run: int) -> None:
        """Do nothing: each value is judged by itself."""

    def forget(self, run: int) -> None:
        """Do nothing: each value is judged by itself."""

    def _decide(
        self, step: int, value: float, threshold: float | None, compared: str
    ) -> StopDecision:
        seen = "NaN" if math.isnan(value) else short_number(value)
        return StopDecision(
            rule=self.name,
            metric=self.metric,
            step=step,
            value=value,
            threshold=threshold,
            reason=f"stopped early at step {step}: {self.metric} was {seen}{compared}",
        )
