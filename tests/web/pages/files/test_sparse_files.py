"""Files of a terabyte that take no room on the disk: pages and `list` come all the same."""

import json
import os
import threading
from pathlib import Path

import anyio
import httpx
import pytest
from live import LIMIT_S, listening, serving, wait_until
from pages import Client
from sweeps import run_command

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.reading import bounded_reading
from ml_tracking_ops.logger.reading.bounded_reading import call_meanwhile, limit_files
from ml_tracking_ops.logger.reading.reader import LogTail, read_log
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.journal import Journal, JournalTail
from ml_tracking_ops.orchestrator.store.process_records import read_processes

TERABYTE = 1 << 40
PAGES = ["/experiments?table=1", "/sweeps/sweep", "/sweeps", "/runs/sweep/run_0001", "/runs/log"]
CALLS = [
    "/api/series?run=sweep/run_0001&run=log",
    "/api/metrics?run=sweep/run_0001&run=log",
    "/api/output?run=sweep/run_0001",
    "/export/series?run=log&form=csv",
    "/sweeps/sweep?columns=last.Loss&m.Loss=0..1",
]


@pytest.fixture(autouse=True)
def _no_limits():
    yield
    limit_files(None, None)
    call_meanwhile(bounded_reading._do_nothing)


def write_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(exist_ok=True)
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    with ExperimentLogger() as logger:
        for step in range(3):
            logger.add_scalar("Loss", 0.5, step)


def write_sweep(folder: Path) -> None:
    folder.mkdir()
    config = {"hyperparameters": {}, "optimization_metric": "Loss", "optimization_goal": "min"}
    (folder / "experiment_description.json").write_text(json.dumps({"config": config, "seed": 1}))
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="here")
    journal.append("sampled", index=1, hyperparameters={})
    journal.append("started", index=1, name="run_0001")
    journal.close()


@pytest.fixture
def logdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_sweep(tmp_path / "sweep")
    write_log(tmp_path / "sweep" / "run_0001.dat", monkeypatch)
    write_log(tmp_path / "log" / "log.dat", monkeypatch)
    (tmp_path / "sweep" / "run_0001.log").write_text("begin\n")
    (tmp_path / "sweep" / "processes.jsonl").touch()
    (tmp_path / "legacy").mkdir()
    (tmp_path / "legacy" / "old.dat").write_text('{"Loss": "')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "experiment_description.json").write_text("{")
    (tmp_path / "noted").mkdir()
    (tmp_path / "noted" / "annotations.json").write_text("{")
    write_log(tmp_path / "noted" / "noted.dat", monkeypatch)
    kept = tmp_path / "sweep" / "experiment_description.json"
    for path in [path for path in tmp_path.rglob("*") if path.is_file() and path != kept]:
        os.truncate(path, TERABYTE)
    return tmp_path


@pytest.mark.anyio
async def test_pages_with_sparse_files_are_shown(logdir):
    async with serving(logdir) as dashboard, httpx.AsyncClient(timeout=LIMIT_S) as client:
        for path in [*PAGES, *CALLS]:
            answer = await client.get(dashboard.address + path)
            assert answer.status_code in (200, 422), (path, answer.text[:500])
        async with listening(dashboard.address, ("run", "log:0"), ("sweep", "sweep:0")) as page:
            await page.next()


def test_list_with_sparse_files_is_shown(logdir):
    done = run_command("list", "--logdir", logdir, "--json", folder=logdir)
    assert done.returncode == 0, done.stderr
    names = {entry["name"] for entry in json.loads(done.stdout)}
    assert {"sweep", "log", "noted"} <= names
    assert "broken/experiment_description.json cannot be read: " in done.stderr


def test_values_around_a_hole_are_read(tmp_path, monkeypatch):
    path = tmp_path / "log" / "log.dat"
    write_log(path, monkeypatch)
    written = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(TERABYTE)
        file.write(written[32:])
    log = read_log(path)
    assert list(log["Loss"].step) == [0, 1, 2] * 2
    assert log.n_skipped == (TERABYTE - len(written)) // 32
    tail = LogTail(path)
    steps: list[int] = []
    for _ in range(10):
        steps += [int(step) for one in tail.read().series.values() for step in one.step]
    assert steps == [0, 1, 2] * 2
    late = LogTail(path, TERABYTE + 32)
    assert list(late.read().series) == ["Loss"]


def test_journal_is_read_before_and_behind_a_hole(tmp_path):
    write_sweep(tmp_path / "sweep")
    path = tmp_path / "sweep" / "journal.jsonl"
    with path.open("r+b") as file:
        file.seek(TERABYTE)
        file.write(b'}\n{"event": "sweep_ended", "time": 1, "status": "finished"}\n')
    tail = JournalTail(path)
    events = [event["event"] for event in tail.read()]
    assert events == ["sweep_started", "sampled", "started", "sweep_ended"]
    assert tail.read() == []
    assert read_processes(path) == {}


def test_too_long_log_is_shown_in_part_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "log" / "log.dat"
    write_log(path, monkeypatch)
    limits = {"is too long": (100, None), "takes too long": (None, 0.0)}
    for message, limit in limits.items():
        limit_files(*limit)
        assert len(read_log(path)) == 0
        assert f"log.dat: it {message}" in str(Catalog(tmp_path).unreadable[0])
        client = Client(tmp_path)
        assert f"log.dat: it {message}" in client.get("/sweeps").text
        limit_files(*limit)
        assert list(read_log(path, is_whole=True)["Loss"].step) == [0, 1, 2]
        exported = client.get("/export/series?run=log&form=csv").text
        assert len(exported.splitlines()) == 4
    limit_files(None, None)
    read_log(path)
    assert Catalog(tmp_path).unreadable == []


def test_too_long_journal_is_reported_in_the_list(tmp_path):
    write_sweep(tmp_path / "sweep")
    limit_files(10, None)
    catalog = Catalog(tmp_path)
    assert list(catalog.sweeps) == ["sweep"]
    assert "journal.jsonl is too long" in str(catalog.unreadable[0])


@pytest.mark.anyio
async def test_reading_ends_when_its_client_has_gone(tmp_path, monkeypatch):
    """A real file that is read for ever: the worker thread ends with the client."""
    write_log(tmp_path / "log" / "log.dat", monkeypatch)
    is_reading, has_ended = threading.Event(), threading.Event()

    def read_for_ever(*arguments: object, **options: object) -> None:
        is_reading.set()
        progress = bounded_reading.BoundedReading("log.dat")
        try:
            while True:
                progress.note(0)
        finally:
            has_ended.set()

    monkeypatch.setattr("ml_tracking_ops.web.series.api._state_of", read_for_ever)
    async with serving(tmp_path) as dashboard:
        stream = await anyio.connect_tcp("127.0.0.1", dashboard.port)
        await stream.send(b"GET /api/series?run=log HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with anyio.fail_after(LIMIT_S):
            await wait_until(is_reading.is_set)
            await stream.aclose()
            await wait_until(has_ended.is_set)
        async with httpx.AsyncClient(timeout=LIMIT_S) as client:
            assert (await client.get(f"{dashboard.address}/experiments")).status_code == 200


@pytest.mark.anyio
async def test_server_ends_while_something_is_read_for_ever(tmp_path, monkeypatch):
    write_log(tmp_path / "log" / "log.dat", monkeypatch)
    is_reading, has_ended = threading.Event(), threading.Event()

    def read_for_ever(*arguments: object) -> None:
        is_reading.set()
        try:
            while True:
                bounded_reading.meanwhile()
        finally:
            has_ended.set()

    monkeypatch.setattr("ml_tracking_ops.web.series.api._state_of", read_for_ever)
    with anyio.fail_after(LIMIT_S):
        async with serving(tmp_path) as dashboard:
            stream = await anyio.connect_tcp("127.0.0.1", dashboard.port)
            await stream.send(b"GET /api/series?run=log HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await wait_until(is_reading.is_set)
        await wait_until(has_ended.is_set)
        await stream.aclose()
