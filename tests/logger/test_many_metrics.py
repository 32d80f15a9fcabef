"""A log of very many metrics: the first are shown, all are counted, each can be named."""

import json
from pathlib import Path

import httpx
import pytest
from live import serving
from many_metrics import write_many_metrics

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.web.series.digests.log_digests import MAX_METRICS, LogDigests
from ml_tracking_ops.web.series.summaries import read_summaries

N_METRICS = 20_000


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.dat"
    write_many_metrics(path, N_METRICS)
    return path


def test_first_metrics_are_read_and_all_are_counted(many: Path) -> None:
    log = read_log(many, max_metrics=MAX_METRICS)
    assert list(log) == [f"metric {n}" for n in range(MAX_METRICS)]
    assert (log.n_left_out, log.n_skipped) == (N_METRICS - MAX_METRICS, 0)
    assert log["metric 0"].value.tolist() == [0.0, -1.0]
    assert log.size_bytes == many.stat().st_size
    assert len(read_summaries(many, LogDigests())) == MAX_METRICS


def test_metric_beyond_the_limit_is_read_by_its_name(many: Path) -> None:
    last = f"metric {N_METRICS - 1}"
    log = read_log(many, max_metrics=2, always=[last])
    assert list(log) == ["metric 0", "metric 1", last]
    assert log[last].value.tolist() == [N_METRICS - 1, -1.0]
    assert log.n_left_out == N_METRICS - 3


@pytest.mark.parametrize("max_metrics", [N_METRICS, None])
def test_limit_that_is_not_passed_changes_nothing(many: Path, max_metrics: int | None) -> None:
    log = read_log(many, max_metrics=max_metrics)
    assert (len(log), log.n_left_out) == (N_METRICS, 0)


@pytest.mark.anyio
async def test_answers_name_the_first_metrics_and_how_many_are_left_out(many: Path) -> None:
    async with serving(many.parent) as dashboard, httpx.AsyncClient() as client:

        async def ask(path: str) -> httpx.Response:
            return await client.get(f"{dashboard.address}/api/{path}")

        names = (await ask("metrics?run=many")).json()
        packed = (await ask("points?run=many&first=6&points=16")).content
        last = (await ask(f"series?run=many&metric=metric%20{N_METRICS - 1}")).json()
    assert len(names["metrics"]) == MAX_METRICS
    assert names["n_left_out"] == N_METRICS - MAX_METRICS
    header = json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])
    assert (len(header["names"]), header["n_left_out"]) == (MAX_METRICS, [N_METRICS - MAX_METRICS])
    found = last["runs"]["many"]["metrics"]
    assert found[f"metric {N_METRICS - 1}"]["value"] == [N_METRICS - 1, -1.0]
