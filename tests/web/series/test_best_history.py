"""The drawing of every run's best value."""

import numpy as np
import pytest

from ml_tracking_ops.orchestrator.store.run_states import RunState
from ml_tracking_ops.web.runs.entries import RunEntry
from ml_tracking_ops.web.series.best_history import draw_history
from ml_tracking_ops.web.series.sparkline import draw_sparkline
from ml_tracking_ops.web.series.thinning import Points


def run(
    index: int,
    best_value: float | None,
    state: RunState = "finished",
    ended_at: float | None = None,
) -> RunEntry:
    ended = None if state == "running" else ended_at or 100.0 + index
    return RunEntry(
        id=f"s/{index}",
        name=str(index),
        index=index,
        state=state,
        hyperparameters={},
        best_value=best_value,
        ended_at=ended,
    )


def test_best_so_far_goes_up_in_stairs_for_a_maximum() -> None:
    history = draw_history([run(1, 0.0), run(3, 1.0), run(2, 0.0), run(5, 0.5)], "max", 9)
    assert history is not None
    assert [mark.index for mark in history.marks] == [1, 2, 3, 5]
    assert history.path == "M6 90H103V6H151.5"


def test_runs_are_in_the_order_of_their_ends() -> None:
    slow = run(1, 1.0, ended_at=900.0)
    history = draw_history([slow, run(2, 3.0, "running"), run(3, 0.0), run(4, 0.5)], "max", 4)
    assert history is not None
    assert [mark.index for mark in history.marks] == [3, 4, 1, 2]
    assert [mark.x for mark in history.marks] == [6, 135.33, 264.67, 394]


def test_best_so_far_goes_down_for_a_minimum() -> None:
    history = draw_history([run(1, 1.0), run(2, 1.0), run(3, 0.0)], "min", 3)
    assert history is not None
    assert history.path == "M6 6H394V90H394"


def test_nothing_is_drawn_where_there_is_nothing_to_compare() -> None:
    assert draw_history([run(1, 1.0), run(2, None), run(3, float("inf"))], "max", 3) is None
    assert draw_history([run(1, 1.0), run(2, float("nan")), run(3, 2.0)], "max", 3) is None
    assert draw_history([run(1, 1.0), run(2, 2.0), run(3, 1.0)], None, 3) is None


def test_equal_values_are_drawn_in_the_middle() -> None:
    history = draw_history([run(n, 2.0) for n in (1, 2, 3)], "max", 3)
    assert history is not None
    assert {mark.y for mark in history.marks} == {48.0}


@pytest.mark.parametrize(
    ("values", "y"),
    [
        ([0.3, 0.1 + 0.2, 0.3], [48, 48, 48]),
        ([-1e308, 1e308, 0.0], [90, 6, 48]),
        ([5e-324, 0.0, 0.0], [48, 48, 48]),
        ([2e-20, 1e-20, 0.0], [6, 48, 90]),
    ],
)
def test_values_of_any_size_are_drawn_and_rounding_is_not(
    values: list[float], y: list[float]
) -> None:
    history = draw_history([run(n, value) for n, value in enumerate(values, 1)], "max", 3)
    assert history is not None
    assert [mark.y for mark in history.marks] == y
    count = len(values)
    drawn = draw_sparkline(Points(np.arange(count), np.zeros(count), np.array(values)))
    assert drawn is not None
    assert drawn.path.startswith(f"M2.0 {2 + (y[0] - 6) / 84 * 16:.1f}")
    assert "nan" not in drawn.path


def test_of_very_many_runs_the_best_ones_stay() -> None:
    history = draw_history([run(n, 5.0 if n == 1234 else n % 3) for n in range(1, 5001)], "max", 10)
    assert history is not None
    assert len(history.marks) < 300
    assert 1234 in {mark.index for mark in history.marks}


def test_run_that_has_just_begun_does_not_squeeze_the_others() -> None:
    ended = [run(1, 0.5), run(2, 0.25)]
    others = [run(3, 100.0, "running"), run(4, 0.125, "running"), run(5, 50.0, "killed")]
    history = draw_history([*ended, *others], "min", 5)
    assert history is not None
    assert (history.low, history.high) == (0.125, 0.5)
    assert [(mark.index, mark.y, mark.outside) for mark in history.marks] == [
        (1, 6, None),
        (2, 62, None),
        (5, 6, "above"),
        (3, 6, "above"),
        (4, 90, None),
    ]
    assert (history.n_above, history.n_below) == (2, 0)


def test_run_that_only_rounds_differently_is_not_outside() -> None:
    ended = [run(1, 0.3), run(2, 0.3)]
    others = [run(3, 0.1 + 0.2, "running"), run(4, 0.4, "running")]
    history = draw_history([*ended, *others], "min", 4)
    assert history is not None
    assert [mark.outside for mark in history.marks] == [None, None, None, "above"]
    assert (history.n_above, history.n_below) == (1, 0)
