"""The feed: what happens in a log folder, as the events that pages get of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from live import LIMIT_S, listening, serving, wait_until

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.live.file_topics import decode_whole
from ml_tracking_ops.web.live.throttle import Throttle
from ml_tracking_ops.web.series.chosen_goals import choose_goal
from ml_tracking_ops.web.serving.limits import Limits

pytestmark = pytest.mark.anyio

NAME = "2026-11-23_10-20-01_0001"


class FakeSweep:
    """A sweep's folder as the orchestrator writes it, one event at a time."""

    def __init__(self, logdir: Path, name: str = "2026-11-23_10-20-00") -> None:
        self.id = name
        self.folder = logdir / name
        self.folder.mkdir(parents=True)
        config = {"optimization_metric": "accuracy", "optimization_goal": "max"}
        description = {"config": config, "created_at": 1_795_000_000.0, "seed": 1}
        (self.folder / "experiment_description.json").write_text(json.dumps(description))
        self.journal = Journal(self.folder / "journal.jsonl", print)
        self.journal.append("sweep_started", n_workers=2, pid=os.getpid(), host="here")

    def start_run(self, index: int = 1, name: str = NAME) -> ExperimentLogger:
        self.journal.append("sampled", index=index, hyperparameters={"lr": index / 10})
        self.journal.append("started", index=index, name=name, attempt=1, pid=os.getpid(), slot=0)
        os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(self.folder / f"{name}.dat")
        try:
            return ExperimentLogger(logdir=str(self.folder))
        finally:
            del os.environ["ML_TRACKING_OPS_RUN_FILE"]

    def end_run(self, index: int = 1, **fields: object) -> None:
        event = {"state": "finished", "exit_code": 0, "best_value": 0.9, "best_step": 3, **fields}
        self.journal.append("ended", index=index, **event)


@pytest.fixture
def sweep(tmp_path):
    sweep = FakeSweep(tmp_path)
    yield sweep
    sweep.journal.close()


async def rows_until(reader, is_enough):
    """The latest row of each run, once `is_enough(rows)`."""
    rows = {}
    with anyio.fail_after(LIMIT_S):
        while not is_enough(rows):
            event = await reader.next_of("runs")
            rows.update({row["index"]: row for row in event["runs"]})
    return rows


async def test_runs_of_a_sweep_appear_and_change(tmp_path, sweep):
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("sweep", sweep.id)) as reader,
    ):
        with sweep.start_run():
            rows = await rows_until(reader, lambda rows: rows.get(1, {}).get("state") == "running")
            assert rows[1]["hyperparameters"] == {"lr": 0.1}
            assert rows[1]["id"] == f"{sweep.id}/{NAME}"
        sweep.end_run(state="early_stopped", reason="no improvement")
        rows = await rows_until(reader, lambda rows: rows.get(1, {}).get("ended_at"))

    assert rows[1]["state"] == "early_stopped"
    assert rows[1]["reason"] == "no improvement"
    assert (rows[1]["best_value"], rows[1]["best_step"]) == (0.9, 3)


async def test_best_value_is_live_while_the_run_continues(tmp_path, sweep):
    with sweep.start_run() as logger:
        async with (
            serving(tmp_path) as dashboard,
            listening(dashboard.address, ("sweep", sweep.id)) as reader,
        ):
            for step, value in enumerate((0.2, float("nan"), 0.6, 0.5)):
                logger.add_scalar("accuracy", value, step)
            rows = await rows_until(reader, lambda rows: rows.get(1, {}).get("best_value") == 0.6)
            assert rows[1]["best_step"] == 2
            with anyio.fail_after(LIMIT_S):
                while (await reader.next_of("sweep"))["best"] != NAME:
                    pass


async def test_page_that_is_up_to_date_gets_only_what_continues(tmp_path, sweep):
    for index in (1, 2, 3):
        sweep.start_run(index, f"run_{index}").close()
    for index in (1, 2):
        sweep.end_run(index)
    async with serving(tmp_path) as dashboard:
        async with listening(dashboard.address, ("sweep", sweep.id)) as reader:
            first = await reader.next_of("runs")
        query = ("sweep", f"{sweep.id}:{first['cursor']}")
        async with listening(dashboard.address, query) as reader:
            second = await reader.next_of("runs")

    assert [row["index"] for row in first["runs"]] == [1, 2, 3]
    assert [row["index"] for row in second["runs"]] == [3]
    assert second["cursor"] == first["cursor"]


async def test_cursor_of_a_sweep_outlives_the_server(tmp_path, sweep):
    sweep.start_run(1, "run_1").close()
    sweep.end_run(1)
    sweep.start_run(2, "run_2").close()
    sweep.end_run(2)
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("sweep", sweep.id)) as reader,
    ):
        cursor = (await reader.next_of("runs"))["cursor"]
    sweep.start_run(3, "run_3").close()
    sweep.end_run(3)
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("sweep", f"{sweep.id}:{cursor}")) as reader,
    ):
        event = await reader.next_of("runs")

    assert [row["index"] for row in event["runs"]] == [3]


async def test_counts_and_state_of_a_sweep_follow(tmp_path, sweep):
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("sweep", sweep.id)) as reader,
    ):
        sweep.start_run().close()
        sweep.end_run()
        sweep.journal.append("sweep_ended", state="finished", reason=None)
        with anyio.fail_after(LIMIT_S):
            while (event := await reader.next_of("sweep"))["state"] != "finished":
                pass

    assert event["counts"] == {"finished": 1}
    assert (event["best"], event["best_value"]) == (NAME, 0.9)


async def test_orchestrator_that_dies_is_noticed(tmp_path, sweep):
    async with (
        serving(tmp_path, limits=Limits(look_anyway_s=0.05)) as dashboard,
        listening(dashboard.address, ("sweep", sweep.id), ("catalog", 1)) as reader,
    ):
        assert (await reader.next_of("sweep"))["state"] == "running"
        sweep.journal.close()
        with anyio.fail_after(LIMIT_S):
            while (await reader.next_of("sweep"))["state"] != "lost":
                pass


async def listed(reader):
    """The list as a page would hold it, after the next catalog event."""
    return await reader.next_of("catalog")


async def test_new_experiment_is_listed_and_ends(tmp_path):
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("catalog", 1)) as reader,
    ):
        first = await listed(reader)
        assert first["is_complete"]
        assert first["added"] == []
        with ExperimentLogger(logdir=str(tmp_path)) as logger:
            logger.add_scalar("loss", 1, 0)
            added = []
            while not added:
                added = (await listed(reader))["added"]
        changed = []
        while not any(entry["state"] == "finished" for entry in changed):
            changed = (await listed(reader))["changed"]

    assert added[0]["kind"] == "experiment"
    assert added[0]["id"] == os.path.basename(logger.folder)
    assert changed[0]["id"] == added[0]["id"]


async def test_folder_created_later_is_seen(tmp_path):
    logdir = tmp_path / "not" / "yet"
    async with serving(logdir) as dashboard, listening(dashboard.address, ("catalog", 1)) as reader:
        assert (await listed(reader))["added"] == []
        with ExperimentLogger(logdir=str(logdir)) as logger:
            logger.add_scalar("loss", 1, 0)
            with anyio.fail_after(LIMIT_S):
                while not (await listed(reader))["added"]:
                    pass


async def test_list_that_is_up_to_date_is_not_sent_again(tmp_path, sweep):
    async with serving(tmp_path) as dashboard:
        async with listening(dashboard.address, ("catalog", 1)) as reader:
            first = await listed(reader)
        query = (("catalog", first["cursor"]), ("sweep", sweep.id))
        async with listening(dashboard.address, *query) as reader:
            await reader.next_of("sweep")
            sweep.journal.append("sweep_ended", state="finished", reason=None)
            second = await listed(reader)

    assert [entry["id"] for entry in first["added"]] == [sweep.id]
    assert "is_complete" not in second
    assert [entry["state"] for entry in second["changed"]] == ["finished"]


async def test_goal_that_a_user_chose_is_a_reason_for_other_pages_to_look_again(tmp_path, sweep):
    async with (
        serving(tmp_path) as dashboard,
        listening(dashboard.address, ("catalog", 1)) as reader,
    ):
        first = await listed(reader)
        await anyio.to_thread.run_sync(choose_goal, tmp_path, "loss", "max")
        chosen = await listed(reader)
        await anyio.to_thread.run_sync(choose_goal, tmp_path, "loss", "min")
        flipped = await listed(reader)

    assert [entry["kind"] for entry in chosen["added"]] == ["goals"]
    assert [entry["kind"] for entry in flipped["changed"]] == ["goals"]
    assert len({first["cursor"], chosen["cursor"], flipped["cursor"]}) == 3


KILLED_TRAINER = """
import sys, time
from ml_tracking_ops.logger import ExperimentLogger
logger = ExperimentLogger(logdir=sys.argv[1])
logger.add_scalar("loss", 1, 0)
print("ready", flush=True)
time.sleep(1000)
"""


async def test_experiment_that_is_killed_is_noticed(tmp_path):
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", KILLED_TRAINER, str(tmp_path)], stdout=subprocess.PIPE
    ) as trainer:
        assert trainer.stdout is not None
        await anyio.to_thread.run_sync(trainer.stdout.readline)
        async with (
            serving(tmp_path, limits=Limits(look_anyway_s=0.05)) as dashboard,
            listening(dashboard.address, ("catalog", 1)) as reader,
        ):
            assert [entry["state"] for entry in (await listed(reader))["added"]] == ["running"]
            trainer.kill()
            assert [entry["state"] for entry in (await listed(reader))["changed"]] == ["killed"]


async def test_output_follows_and_begins_again(tmp_path, sweep):
    sweep.start_run().close()
    path = sweep.folder / f"{NAME}.log"
    path.write_bytes(b"before\n")
    query = ("log", f"{sweep.id}/{NAME}:7")
    async with serving(tmp_path) as dashboard, listening(dashboard.address, query) as reader:
        await wait_until(lambda: dashboard.feed._subscribers)
        with path.open("ab") as file:
            file.write("epoch 1 ✓\r".encode())
        event = await reader.next_of("log")
        text, end = event["text"], event["offset"]
        assert event["start"] == 7
        while end < path.stat().st_size:
            event = await reader.next_of("log")
            assert event["start"] == end
            text, end = text + event["text"], event["offset"]
        assert text == "epoch 1 ✓\r"
        path.write_bytes(b"anew")
        event = await reader.next_of("log")
        while event["offset"] != 4:
            event = await reader.next_of("log")

    assert event["text"] == "anew"
    assert event["start"] == 0


async def test_long_output_shows_its_end(tmp_path, sweep):
    sweep.start_run().close()
    path = sweep.folder / f"{NAME}.log"
    path.write_bytes(b"x" * 3_000_000 + b"the end")
    query = ("log", f"{sweep.id}/{NAME}:0")
    async with serving(tmp_path) as dashboard, listening(dashboard.address, query) as reader:
        event = await reader.next_of("log")

    assert event["offset"] == 3_000_007
    assert event["text"].endswith("the end")
    assert event["start"] > 2_900_000


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("", 0)),
        (b"abc", ("abc", 3)),
        ("é".encode()[:1], ("", 0)),
        ("a€".encode()[:-1], ("a", 1)),
        ("a€".encode(), ("a€", 4)),
        (b"\xff\xfe", ("\ufffd\ufffd", 2)),
    ],
)
async def test_text_is_cut_between_characters(data, expected):
    assert decode_whole(data) == expected


async def test_nothing_is_watched_while_no_page_is_open(tmp_path):
    async with serving(tmp_path) as dashboard:
        assert dashboard.feed._watching is None
        async with listening(dashboard.address, ("catalog", 1)):
            await wait_until(lambda: dashboard.feed._watching is not None)
        await wait_until(lambda: dashboard.feed._watching is None)


async def test_lane_takes_all_marks_in_one_pass_and_forgets_none():
    passes = []
    is_done = anyio.Event()

    async def work(items):
        passes.append(items)
        if items == ["a", "b"]:
            throttle.mark("c")
        if "c" in items:
            is_done.set()

    throttle = Throttle(work, lambda: 0)
    for item in ("a", "b", "a"):
        throttle.mark(item)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(throttle.run)
        with anyio.fail_after(LIMIT_S):
            await is_done.wait()
        tasks.cancel_scope.cancel()

    assert passes == [["a", "b"], ["c"]]
