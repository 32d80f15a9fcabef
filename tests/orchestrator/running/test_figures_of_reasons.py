"""The figures of a decision agree with the best value that is shown beside it."""

import pytest

from ml_tracking_ops.orchestrator.running.runs.outcome import beside_best
from ml_tracking_ops.orchestrator.stopping import StopDecision
from ml_tracking_ops.orchestrator.store.objective import BestSoFar


def best_of(*values: float) -> BestSoFar:
    best = BestSoFar("min")
    best.update(list(range(1, len(values) + 1)), list(values))
    return best


@pytest.mark.parametrize(
    ("rule", "values", "message"),
    [
        ("asha", (0.5, 0.3), ""),
        (
            "asha",
            (0.2, 0.3),
            " (the best value, 0.2 at step 1, came earlier. The decision used the value at step 2)",
        ),
        (
            "asha",
            (0.5, 0.3, 0.1),
            " (the best value, 0.1 at step 3, came after the decision at step 2)",
        ),
        ("patience", (0.2, 0.3), ""),
        ("asha", (), ""),
    ],
)
def test_reason_says_where_the_best_value_is_from(
    rule: str, values: tuple[float, ...], message: str
) -> None:
    decision = StopDecision(rule, "loss", 2, 0.3, 0.1, "stopped early at step 2: …")
    assert beside_best(best_of(*values), decision) == message
