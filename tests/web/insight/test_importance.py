"""How much hyperparameters matter: by ranks at once, and by PED-ANOVA from Optuna's process."""

import random
from pathlib import Path
from typing import Any

import anyio
import pytest
from pages import Client, finished_run, text_of, write_sweep
from rows import row

from ml_tracking_ops.web.insight.axes import axes_of
from ml_tracking_ops.web.insight.importance import measures as importance
from ml_tracking_ops.web.insight.importance.measures import (
    ImportanceError,
    importance_axes,
    question,
    rank,
    request_shares,
)
from ml_tracking_ops.web.tables.rows import Row

SPACE = {
    "lr": {"type": "loguniform", "min": 1e-5, "max": 0.1},
    "noise": {"type": "uniform", "min": 0, "max": 1},
    "kind": {"type": "choice", "candidates": ["a", "b"]},
    "momentum": {"type": "uniform", "min": 0, "max": 1, "when": {"kind": "b"}},
    "depth": {"type": "int", "min": 1, "max": 9},
    "fixed": {"type": "choice", "candidates": [3]},
    "seed": {"type": "int", "min": 0, "max": 9},
}
CONFIG: dict[str, Any] = {"hyperparameters": SPACE, "repeats": {"count": 2, "seed_name": "seed"}}


def runs(n: int) -> list[Row]:
    """`lr` decides by far the most, `kind` a little, the others nothing."""
    draw = random.Random(7)
    found = []
    for index in range(1, n + 1):
        exponent, kind = draw.uniform(-5, -1), draw.choice("ab")
        given: dict[str, Any] = {
            "lr": 10**exponent,
            "noise": draw.random(),
            "kind": kind,
            "depth": draw.randint(1, 9),
            "fixed": 3,
            "seed": draw.randint(0, 9),
        }
        if kind == "b":
            given["momentum"] = draw.random()
        value = -((exponent + 3) ** 2) + (0.3 if kind == "a" else 0)
        found.append(row(index, hyperparameters=given, best_value=value))
    return [*found, row(n + 1, hyperparameters={"lr": 0.1})]


def test_ped_anova_finds_what_decides_also_where_it_is_not_monotonous() -> None:
    rows = runs(120)
    axes = importance_axes(axes_of(CONFIG, rows), CONFIG)
    (found,) = anyio.run(request_shares, [question(rows, axes, "max")])
    shares = found["shares"]
    assert found["version"]
    assert set(shares) == {"lr", "noise", "kind", "momentum", "depth"}, "what is fixed has no share"
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["lr"] > 0.6
    ranking = rank(rows, axes, shares)
    assert ranking[0].name == "lr"
    assert {one.name: one.n for one in ranking}["momentum"] < 120
    assert {one.name for one in ranking} == {*SPACE} - {"seed"}


def test_ranks_say_direction_and_strength_without_optuna() -> None:
    rows = [
        row(n, hyperparameters={"lr": n, "kind": "ab"[n % 2]}, best_value=-float(n**3))
        for n in range(1, 21)
    ]
    lr, kind = rank(rows, axes_of({}, rows), None)
    assert (lr.name, lr.correlation, lr.explained, lr.share) == ("lr", -1, 1, None)
    assert kind.correlation is None
    assert kind.explained is not None
    assert 0 < kind.explained < 0.1


def test_process_failure_is_reported_by_its_last_line() -> None:
    with pytest.raises(ImportanceError, match="KeyError: 'hyperparameters'"):
        anyio.run(request_shares, [{}])


def sweep_of(folder: Path, n: int) -> None:
    events: list[dict[str, Any]] = []
    for index in range(1, n + 1):
        run = finished_run(index, index / n)
        run[0]["hyperparameters"]["batch_size"] = (32, 64, 128)[index % 3]
        events += run
    write_sweep(folder, events)


def test_page_shows_ranks_at_once_and_asks_for_the_rest_once(client: Client, logdir: Path) -> None:
    sweep_of(logdir / "s", 30)
    html = client.get("/sweeps/s?panel=importance").text
    assert 'hx-get="/insight/importance/s"' in html
    assert "+1.00" in text_of(html)
    part = client.get("/insight/importance/s")
    assert "over 30 runs" in text_of(part.text)
    assert "computed by Optuna" in text_of(part.text)
    assert "hx-get" not in part.text
    html = client.get("/sweeps/s?panel=importance").text
    assert "computed by Optuna" in text_of(html)
    assert 'hx-get="/insight/importance/s"' not in html


def test_too_few_runs_are_reported(client: Client, logdir: Path) -> None:
    sweep_of(logdir / "s", 9)
    text = text_of(client.get("/sweeps/s?panel=importance").text)
    assert "over 9 runs with a value. That is too few: 10 are needed" in text
    assert client.get("/insight/importance/s").status_code == 200
    assert client.get("/insight/importance/nothing").status_code == 404


def test_without_optuna_the_page_says_how_to_get_it(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance.importlib.util, "find_spec", lambda name: None)
    sweep_of(logdir / "s", 30)
    html = client.get("/sweeps/s?panel=importance").text
    assert "pip install 'ml-tracking-ops[optuna]'" in text_of(html)
    assert "+1.00" in text_of(html)
    assert 'hx-get="/insight/importance' not in html
