"""`/api/groups`: real logs of a sweep in, figures of its groups out."""

import json
import threading

import anyio
import httpx
import pytest
from live import serving

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.reading.reader import read_run_log
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.groups import api as groups

pytestmark = pytest.mark.anyio


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """Four runs of two learning rates. Run 4 is half as long."""
    folder = tmp_path / "s"
    folder.mkdir()
    description = {"format_version": 1, "config": {"optimization_metric": "loss"}}
    (folder / "experiment_description.json").write_text(json.dumps(description))
    journal = Journal(folder / "journal.jsonl", lambda trouble: None)
    for index in (1, 2, 3, 4):
        name = f"run_{index}"
        journal.append("sampled", index=index, hyperparameters={"lr": 0.1 if index < 3 else 0.2})
        journal.append("started", index=index, name=name, attempt=1, pid=1, slot=0)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(folder / f"{name}.dat"))
        with ExperimentLogger() as logger:
            for step in range(10 if index == 4 else 20):
                logger.add_scalar("loss", index + step, step)
    journal.close()
    return folder


async def test_figures_are_over_all_runs_of_a_group_at_each_step(tmp_path, sweep):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        query = {"sweep": "s", "group": "p.lr", "metric": "loss"}
        response = await client.get(dashboard.address + "/api/groups", params=query)
        low, high = response.json()["metrics"]["loss"]
        again = {"if-none-match": response.headers["etag"]}
        unchanged = await client.get(dashboard.address + "/api/groups", params=query, headers=again)
        query |= {"first": "3", "last": "5"}
        zoomed = await client.get(dashboard.address + "/api/groups", params=query)

    assert (low["id"], low["name"], low["n_runs"]) == ("p.lr=0.1", "lr 0.1", 2)
    assert low["x"] == list(range(20))
    assert low["mean"] == [step + 1.5 for step in range(20)]
    assert low["std"] == pytest.approx([0.5**0.5] * 20)
    assert high["n"] == [2] * 10 + [1] * 10
    assert high["mean"][9:11] == [12.5, 13.0]
    assert unchanged.status_code == 304
    assert zoomed.json()["metrics"]["loss"][0]["x"] == [3, 4, 5]


async def test_answers_change_with_the_logs_of_earlier_attempts(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "experiment_description.json").write_text('{"format_version": 1, "config": {}}')
    journal = Journal(folder / "journal.jsonl", lambda trouble: None)
    journal.append("sampled", index=1, hyperparameters={"lr": 0.1})
    for attempt, name in ((1, "t_0001"), (2, "t_0001_attempt2")):
        journal.append("started", index=1, name=name, attempt=attempt, pid=1, slot=0)
        with ExperimentLogger.at(folder / f"{name}.dat") as logger:
            logger.add_scalar("loss", attempt, attempt)
    journal.close()
    paths = ("/api/groups?sweep=s&group=p.lr&metric=loss", f"/api/points?run=s/{name}")
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        for number, path in enumerate(paths):
            before = await client.get(dashboard.address + path)
            assert before.status_code == 200
            known = {"if-none-match": before.headers["etag"]}
            assert (await client.get(dashboard.address + path, headers=known)).status_code == 304
            with ExperimentLogger.at(folder / "t_0001.dat") as logger:
                logger.add_scalar("loss", 10 + number, 0)
            after = await client.get(dashboard.address + path, headers=known)
            assert after.status_code == 200
            assert after.content != before.content


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"group": "p.width"}, 400, "p.width"),
        ({"sweep": "other"}, 404, "other"),
        ({"x": "epoch"}, 400, "step, relative, wall"),
        ({"first": "nan"}, 400, "first=nan"),
        ({"steps": "1"}, 400, "steps: not known"),
    ],
)
async def test_query_that_cannot_be_answered_is_explained(
    tmp_path, sweep, changes, status, message
):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        query = {"sweep": "s", "group": "p.lr", "metric": "loss", **changes}
        response = await client.get(dashboard.address + "/api/groups", params=query)
    assert response.status_code == status
    assert message in response.json()["error"]


@pytest.mark.parametrize("axis", ["relative", "wall"])
async def test_time_is_an_axis_too(tmp_path, sweep, axis):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        query = {"sweep": "s", "group": "p.lr", "metric": "loss", "x": axis}
        response = await client.get(dashboard.address + "/api/groups", params=query)
    group = response.json()["metrics"]["loss"][0]
    assert group["x"] == sorted(group["x"])
    assert max(group["n"]) <= 2
    assert (min(group["low"]), max(group["high"])) == (1.0, 21.0)


async def test_progress_of_reading_logs_is_reported(tmp_path, sweep, monkeypatch):
    may_continue = threading.Event()

    def read_slowly(path, **options):
        assert path.name != "run_3.dat" or may_continue.wait(30)
        return read_run_log(path, **options)

    monkeypatch.setattr(groups, "read_run_log", read_slowly)
    query = {"sweep": "s", "group": "p.lr", "metric": "loss"}
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:

        async def progress():
            address = dashboard.address + "/api/groups/progress"
            return (await client.get(address, params=query)).json()

        async def ask():
            await client.get(dashboard.address + "/api/groups", params=query)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            try:
                with anyio.fail_after(20):
                    while await progress() != {"n_read": 2, "n_runs": 4}:
                        pass
            finally:
                may_continue.set()
        assert await progress() == {"n_read": 0, "n_runs": 0}


async def test_runs_that_ended_early_are_left_out_or_carried_on_as_the_query_says(tmp_path, sweep):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        query = {"sweep": "s", "group": "p.lr", "metric": "loss"}
        found = {}
        for over in ("reached", "carried", "last"):
            response = await client.get(
                dashboard.address + "/api/groups", params=query | {"over": over}
            )
            found[over] = response.json()
        part = query | {"over": "reached", "first": "2", "last": "8"}
        zoomed = await client.get(dashboard.address + "/api/groups", params=part)
    (_, reached), (_, carried) = (found[one]["metrics"]["loss"] for one in ("reached", "carried"))
    assert (reached["n"], reached["n_runs"]) == ([1] * 20, 2)
    assert reached["mean"] == [step + 3.0 for step in range(20)]
    assert carried["n"] == [2] * 20
    assert carried["mean"][9:12] == [12.5, 13.0, 13.5]
    assert zoomed.json()["metrics"]["loss"][1]["n"] == [2] * 7  # both reached the end of that
    assert "over=last: must be one of all, reached, carried" in found["last"]["error"]


async def test_groups_hold_the_runs_that_pass_the_filters_of_the_table(tmp_path, sweep):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        query = {"sweep": "s", "group": "p.lr", "metric": "loss"}
        address = dashboard.address + "/api/groups"
        one = (await client.get(address, params=query | {"q": "run_4"})).json()
        low = (await client.get(address, params=query | {"p.lr": "0.1"})).json()
        none = (await client.get(address, params=query | {"q": "nothing"})).json()
    assert [(group["id"], group["n_runs"]) for group in one["metrics"]["loss"]] == [("p.lr=0.2", 1)]
    assert [(group["id"], group["n_runs"]) for group in low["metrics"]["loss"]] == [("p.lr=0.1", 2)]
    assert none == {"n_runs": 0, "metrics": {"loss": []}}


async def test_derived_metric_has_means_too(tmp_path, sweep):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        query = {"sweep": "s", "group": "p.lr", "metric": "twice := loss * 2"}
        response = await client.get(dashboard.address + "/api/groups", params=query)
        low, _ = response.json()["metrics"]["twice := loss * 2"]
    assert low["mean"][:3] == [3.0, 5.0, 7.0]
