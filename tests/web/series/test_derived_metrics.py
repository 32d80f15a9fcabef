"""Derived metrics: defined, computed, and found by whoever asks for a metric by name."""

import os
import re
from pathlib import Path

import httpx
import numpy as np
import pytest
from live import serving

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.expressions.expression import ExpressionError
from ml_tracking_ops.web.series.derived.definition import define, title_of
from ml_tracking_ops.web.series.derived.logs import DerivedMetrics
from ml_tracking_ops.web.series.digests.log_digests import LogDigests
from ml_tracking_ops.web.series.goals import Goals
from ml_tracking_ops.web.series.summaries import LogToRead, MetricSummaries
from ml_tracking_ops.web.series.thinning import Points

KNOWN = frozenset(["loss/train", "loss/val", "epoch"])
GAP = "gap := loss/val - loss/train"


def points(values: dict[int, float]) -> Points:
    steps = np.array(list(values), np.int64)
    return Points(steps, steps * 1.0, np.array(list(values.values())))


def test_value_is_at_the_steps_of_what_was_logged_least_often() -> None:
    train = points({0: 1.0, 10: 2.0, 20: 4.0, 30: 5.0})
    val = points({5: 10.0, 20: 20.0, 40: 30.0})
    found = define(GAP, KNOWN).compute({"loss/train": train, "loss/val": val})
    assert found.step.tolist() == [5, 20]
    assert found.value.tolist() == [8.5, 16.0]
    assert found.wall_time.tolist() == [5.0, 20.0]


def test_nan_and_division_by_zero_have_no_value() -> None:
    train = points({0: 0.0, 1: np.nan, 2: 2.0})
    val = points({0: 1.0, 1: 1.0, 2: 1.0})
    found = define("r := loss/val / loss/train", KNOWN).compute(
        {"loss/train": train, "loss/val": val}
    )
    assert np.isnan(found.value).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("loss/vl - loss/train", "no metric is called loss/vl, did you mean loss/val?"),
        ("loss/val - ", "is not an expression: invalid syntax"),
        ("2 + 2", "names no metric"),
        ("open(epoch)", "'open(epoch)' is not understood"),
        ("epoch + 'a'", "'a' is not a number"),
        ("epoch in [1]", "is not a number"),
    ],
)
def test_wrong_expression_is_refused_with_an_explanation(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)):
        define(f"x := {expression}", KNOWN)


def test_direction_is_that_of_its_name_and_not_of_its_expression() -> None:
    assert title_of(GAP) == "gap"
    assert Goals().of(GAP) is None
    assert Goals().of("loss := epoch * 2") == "min"


@pytest.fixture
def run_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "r" / "r.dat"
    path.parent.mkdir()
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    return path


def log(first: int, last: int) -> None:
    with ExperimentLogger() as writer:
        for step in range(first, last):
            writer.add_scalars({"loss/train": step, "loss/val": 3 * step}, step)


def test_points_of_a_log_are_kept_until_it_grows(run_path: Path) -> None:
    log(0, 3)
    derived = DerivedMetrics(LogDigests())
    known = derived.points(run_path, GAP)
    assert known.value.tolist() == [0, 2, 4]
    assert derived.points(run_path, GAP) is known
    log(3, 4)
    assert derived.points(run_path, GAP).value.tolist() == [0, 2, 4, 6]
    assert len(derived.points(run_path, "x := loss/other")) == 0


def test_table_finds_the_statistics_of_a_derived_metric(run_path: Path) -> None:
    log(0, 5)
    summaries = MetricSummaries()
    found, n_missing = summaries.read([LogToRead(run_path, is_final=False)], 60.0)
    gap = found[run_path].get(GAP)
    assert gap is not None
    assert (gap.last, gap.last_step, gap.min, gap.max, gap.count) == (8, 4, 0, 8, 5)
    assert list(found[run_path]) == ["loss/train", "loss/val"]
    assert found[run_path].get("x := loss/other") is None
    assert n_missing == 0


def test_derived_metric_without_time_to_read_it_is_counted_as_missing(run_path: Path) -> None:
    log(0, 5)
    summaries, logs = MetricSummaries(), [LogToRead(run_path, is_final=False)]
    found, _ = summaries.read(logs, 60.0)
    assert found[run_path].get(GAP) is not None
    log(5, 6)
    _, n_missing = summaries.read(logs, 0.0)
    assert n_missing == 1
    found, n_missing = summaries.read(logs, 60.0)
    gap = found[run_path].get(GAP)
    assert gap is not None
    assert (gap.last, n_missing) == (10, 0)


@pytest.mark.anyio
async def test_api_answers_for_derived_metrics(tmp_path: Path, run_path: Path) -> None:
    log(0, 4)
    run_id = os.path.relpath(run_path.parent, tmp_path)
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:

        async def get(path: str, **params: str) -> httpx.Response:
            return await client.get(dashboard.address + path, params={"run": run_id, **params})

        series = await get("/api/series", metric=GAP)
        assert series.json()["runs"][run_id]["metrics"][GAP]["value"] == [0, 2, 4, 6]
        right = await get("/api/derived", metric=GAP)
        assert right.json() == {"problem": None, "n_runs": 1}
        wrong = await get("/api/derived", metric="x := loss/vall")
        assert wrong.json()["problem"].startswith("no metric is called loss/vall, did you mean")
        assert (await get("/api/derived", metric="x")).status_code == 400
        nameless = await get("/api/derived", metric="  := loss/val")
        assert nameless.json()["problem"] == "give it a name"
        names = await get("/api/metrics")
        assert names.json()["metrics"] == ["loss/train", "loss/val"]
        colors = await get("/api/run-values", by=f"m.{GAP}")
        assert colors.json()["values"] == [6]
        exported = await get("/export/series", metric=GAP, format="csv")
        assert "gap-r" in exported.headers["content-disposition"]
        assert exported.text.count(GAP) == 4
