"""Whether a sweep is broken: so many of its runs fail in a row that no more should be started.

Pure. A run that is tried again counts once, at its last attempt.
"""

FIRST_FAILURES = 3
"""How many failures in a row are too many before a run has succeeded, by default."""
LATER_FAILURES = 10
"""How many failures in a row are too many once a run has succeeded, by default."""
_HEALTHY_FACTOR = 4
"""While other runs are healthy, failures are more likely due to hyperparameters."""


class FailureStreak:
    """Counts the runs that failed one after the other.

    Args:
        most: how many may fail in a row, or None for the defaults, 0 for any number.

    Attributes:
        runs: those that failed since a run last succeeded, by index.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._has_success = False
        self.runs: list[int] = []

    def see_success(self) -> None:
        """Record that a run ended with a result."""
        self._has_success = True
        self.runs.clear()

    def see_failure(self, run: int, *, is_any_healthy: bool) -> bool:
        """Record that a run failed, and return whether these are too many.

        Args:
            is_any_healthy: another run is running that logs its metrics, or has outlived this one.
        """
        if run not in self.runs:
            self.runs.append(run)
        if self._most == 0:
            return False
        most = self._most or (LATER_FAILURES if self._has_success else FIRST_FAILURES)
        return len(self.runs) >= most * (_HEALTHY_FACTOR if is_any_healthy else 1)
