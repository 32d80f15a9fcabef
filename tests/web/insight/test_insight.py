"""What explains a sweep, without a browser: axes, columns, words."""

import math
from typing import Any

import pytest
from rows import row as table_row

from ml_tracking_ops.web.insight.axes import Axis, build_axes
from ml_tracking_ops.web.insight.columns import insight_columns
from ml_tracking_ops.web.insight.rank_correlation import (
    explained_by_groups,
    explained_by_order,
    spearman,
)
from ml_tracking_ops.web.insight.words import best_runs, improvements, relation, value_range
from ml_tracking_ops.web.tables.rows import Row

LR = {"type": "loguniform", "min": 1e-5, "max": 0.1}


def row(index: int, value: float | None = None, **hyperparameters: Any) -> Row:
    return table_row(
        index,
        state="finished" if value else "failed",
        hyperparameters=hyperparameters,
        best_value=value,
        ended_at=110.0 - index,
    )


def axis_of(definition: Any, *values: Any) -> Axis | None:
    axes = build_axes({"hyperparameters": {"x": definition}}, [{"x": value} for value in values])
    return axes[0] if axes else None


@pytest.mark.parametrize(
    ("definition", "values", "axis"),
    [
        (LR, [0.01, 0.5], Axis("x", "log", 1e-5, 0.5)),
        ({"type": "int", "min": 1, "max": 9}, [3], Axis("x", "linear", 1, 9)),
        ({"type": "normal", "mu": 0, "sigma": 1}, [-1.5, 2], Axis("x", "linear", -1.5, 2)),
        ({"type": "choice", "candidates": [64, 32]}, [64], Axis("x", "category", values=(32, 64))),
        (
            {"type": "choice", "candidates": ["b", "a", None, True]},
            ["c"],
            Axis("x", "category", values=("b", "a", None, True, "c")),
        ),
        ({"type": "choice", "candidates": list(range(40))}, [3], Axis("x", "linear", 0, 39)),
        (
            {"hyp_type": "uniform", "hyp_desc": "Uniform(1e-05, 0.01)"},
            [0.002],
            Axis("x", "linear", 1e-5, 0.01),
        ),
        (None, [1, "one"], Axis("x", "category", values=(1, "one"))),
        ({"type": "constant", "value": 3}, [3], None),
    ],
)
def test_axis_layout_follows_the_search_space(
    definition: Any, values: list[Any], axis: Axis | None
) -> None:
    assert axis_of(definition, *values) == axis


def test_columns_hold_null_where_a_run_lacks_a_hyperparameter() -> None:
    space = {
        "lr": LR,
        "optimizer": {"type": "choice", "candidates": ["sgd", "adam"]},
        "momentum": {"type": "uniform", "min": 0, "max": 1, "when": {"optimizer": "sgd"}},
    }
    rows = [
        row(2, 0.5, lr=0.01, optimizer="adam"),
        row(1, 0.25, lr=0.1, optimizer="sgd", momentum=1),
    ]
    message = insight_columns(rows, {"hyperparameters": space}, 100.0)
    assert message["runs"]["index"] == [1, 2]
    assert message["runs"]["started"] == [1.0, 2.0]
    columns = message["runs"]["hyperparameters"]
    assert columns == {"lr": [0.1, 0.01], "optimizer": [0, 1], "momentum": [1, None]}
    assert [axis["is_conditional"] for axis in message["axes"]] == [False, False, True]
    only = insight_columns(rows, {"hyperparameters": space}, 100.0, {2})
    assert only["runs"]["index"] == [2]
    assert only["axes"] == message["axes"]


def test_improvements_come_in_the_order_in_which_runs_ended() -> None:
    rows = [row(1, 0.9), row(2, 0.5), row(3, 0.7), row(4, math.nan), row(5)]
    assert [(one.row.index, one.after_n) for one in improvements(rows, "max", 100.0)] == [
        (3, 2),  # after 5, which failed without a value
        (1, 4),
    ]
    assert [one.row.index for one in improvements(rows, "min", 100.0)] == [3, 2]
    assert improvements(rows, None, 100.0) == []


def test_improvement_smaller_than_the_spread_between_seeds_is_noise() -> None:
    rows = [row(3, 0.5), row(2, 0.55), row(1, 0.62)]  # the last ends first
    found = improvements(rows, "max", 100.0, 0.1)
    assert [(one.row.best_value, one.is_noise) for one in found] == [
        (0.5, False),
        (0.55, True),
        (0.62, False),
    ]


def test_relation_is_described_by_parts_and_by_a_rank_correlation() -> None:
    rows = [row(n, n**3 / 1000, x=math.exp(n), kind="ab"[n % 2]) for n in range(1, 21)]
    axis = axis_of({"type": "lognormal"}, *(r.hyperparameters["x"] for r in rows))
    assert axis is not None
    found = relation(rows, axis, "max")
    assert (found.n, found.correlation, len(found.parts)) == (20, pytest.approx(1), 5)
    assert found.parts[-1].best == 8
    kinds = relation(rows, Axis("kind", "category", values=("a", "b")), "min")
    assert [(part.label, part.n, part.best) for part in kinds.parts] == [
        ("a", 10, 0.008),
        ("b", 10, 0.001),
    ]
    assert kinds.correlation is None
    assert relation([], axis, "max").parts == ()
    largest = relation([row(n, 1.7e308, x=math.exp(n)) for n in range(1, 21)], axis, "max")
    assert largest.parts[0].mean == pytest.approx(1.7e308)


def test_best_tenth_is_described() -> None:
    rows = [row(n, n / 10, x=n, **({"m": 0.5} if n % 2 else {})) for n in range(1, 101)]
    best = best_runs(rows, "max")
    assert len(best) == 10
    assert value_range(best, Axis("x", "linear", 1, 100)).text == "91 to 100"
    assert value_range(best, Axis("m", "linear", 0, 1)).text == "0.5, not set in 5"
    kinds = [row(n, 1.0, k=True if n < 3 else None) for n in range(1, 6)]
    assert (
        value_range(kinds, Axis("k", "category", values=(True, None))).text == "None (3), True (2)"
    )


def test_rank_correlations_are_those_of_the_textbook() -> None:
    left, right = (
        [106, 86, 100, 101, 99, 103, 97, 113, 112, 110],
        [7, 0, 27, 50, 28, 29, 20, 12, 6, 17],
    )
    assert spearman(left, right) == pytest.approx(-29 / 165)
    assert spearman([1, 2, 2, 3], [1, 2, 2, 3]) == pytest.approx(1)
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert explained_by_groups("aabb", [1, 2, 10, 11]) == pytest.approx(0.8)
    assert explained_by_groups("ab", [3, 3]) is None


def test_best_value_in_the_middle_explains_ranks_and_chance_does_not() -> None:
    places = [n / 100 for n in range(100)]
    arch = [-((place - 0.5) ** 2) for place in places]
    correlation = spearman(places, arch)
    assert correlation is not None
    assert abs(correlation) < 0.1
    assert (explained_by_order(places, arch) or 0) > 0.9
    shuffled = [(37 * n) % 101 for n in range(100)]
    assert (explained_by_order(places, shuffled) or 0) < 0.1
    assert explained_by_order(places, places) == pytest.approx(1)
