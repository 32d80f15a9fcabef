"""Long addresses: refused, or answered at a bounded cost."""

import json
import time
from pathlib import Path
from urllib.parse import urlencode

import anyio
import anyio.to_thread
import httpx
import pytest
from live import LIMIT_S, serving
from raw_http import ask, raw_get

from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.serving import connections
from ml_tracking_ops.web.serving.address_limits import MOST_BYTES, address_problem
from ml_tracking_ops.web.serving.limits import Limits

N_RUNS = 60


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """A sweep of several runs with several hyperparameters."""
    folder = tmp_path / "sweep"
    folder.mkdir()
    names = [f"h{number}" for number in range(12)]
    config = {"hyperparameters": {name: {"type": "uniform", "min": 0, "max": 1} for name in names}}
    (folder / "experiment_description.json").write_text(json.dumps({"config": config, "seed": 1}))
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="here")
    for index in range(1, N_RUNS + 1):
        journal.append("sampled", index=index, hyperparameters=dict.fromkeys(names, index / 7))
        journal.append("started", index=index, name=f"run_{index:04d}")
        journal.append("ended", index=index, state="finished", best_value=1.0, exit_code=0)
    journal.append("sweep_ended", state="finished")
    journal.close()
    return tmp_path


ALLOWED = {
    "a thousand runs with long names": [("run", f"a sweep of mine/{n:040d}") for n in range(1_000)],
    "an empty form": [(f"{end}.p.name{n}", "") for n in range(1_000) for end in ("low", "high")],
    "many columns": [("columns", f"last.metric{n}") for n in range(200)],
    "all that is listed": [("limit", "100000"), ("q", "adam")],
}
REFUSED = {
    "bytes": [("run", "x" * 4_000) for _ in range(30)],
    "parameters": [("a", "")] * 5_000,
    "runs": [("run", "x")] * 3_000,
    "conditions": [("p.x", str(n)) for n in range(200)],
    "search": [("q", "x " * 300)],
    "value": [("p.x", "x" * 5_000)],
    "name": [("x" * 5_000, "1")],
    "conditions times runs": [
        *(("run", "x" * 80) for _ in range(1_000)),
        *(("p.x", str(n)) for n in range(90)),
    ],
    "list times parameters": [("limit", "100000"), *(("z", "x" * 1_000) for _ in range(20))],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_address_that_our_pages_make_is_allowed(name):
    assert address_problem("/experiments", urlencode(ALLOWED[name]).encode()) is None


@pytest.mark.parametrize("name", REFUSED)
def test_address_that_costs_too_much_is_refused(name):
    assert address_problem("/experiments", urlencode(REFUSED[name]).encode())


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/sweeps/sweep", "/experiments", "/runs/sweep/run_0001"])
async def test_costliest_allowed_address_has_a_bounded_answer(logdir, path):
    pairs = [("p.h1", f"{n}.5") for n in range(90)] + [("columns", f"p.h{n}") for n in range(12)]
    pairs += [("columns", f"x{n}") for n in range(60)]
    while address_problem(path, urlencode([*pairs, ("run", "y" * 900)]).encode()) is None:
        pairs.append(("run", "y" * 900))
    async with serving(logdir) as dashboard, httpx.AsyncClient(timeout=LIMIT_S) as client:
        answer = await client.get(f"{dashboard.address}{path}?{urlencode(pairs)}")
        assert answer.status_code == 200
        assert len(answer.content) < 12_000_000
        refused = await client.get(f"{dashboard.address}{path}?{urlencode(REFUSED['conditions'])}")
        assert refused.status_code == 414
        assert "At most 100 are read" in refused.text


@pytest.mark.anyio
async def test_server_is_not_held_up_by_addresses_that_are_far_too_long(logdir):
    query = urlencode([(f"p.h{n}", "x" * 30) for n in range(10_000)])
    assert len(query) > 3 * MOST_BYTES

    def attack(port: int) -> None:
        for _ in range(20):
            ask(port, raw_get(f"/sweeps/sweep?{query}"), 0.05)
        assert b"200 OK" in ask(port, raw_get("/experiments"))

    async with serving(logdir) as dashboard:
        await anyio.to_thread.run_sync(attack, dashboard.port)


@pytest.mark.anyio
async def test_unfinished_heads_of_all_connections_together_are_bounded(tmp_path):
    protocol = connections.BoundedProtocol

    async with serving(tmp_path, limits=Limits(waiting_bytes=1 << 20)) as dashboard:
        streams = []
        for number in range(40):
            stream = await anyio.connect_tcp("127.0.0.1", dashboard.port)
            streams.append(stream)
            await stream.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Filler: ")
            for _ in range(10):
                try:
                    await stream.send(b"x" * 10_000)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    break
            assert protocol._n_waiting <= 1 << 20, number
        async with httpx.AsyncClient(timeout=LIMIT_S) as client:
            assert (await client.get(f"{dashboard.address}/experiments")).status_code == 200
        for stream in streams:
            await stream.aclose()
    assert protocol._n_waiting == 0
    assert not protocol._n_waiting_by_connection


@pytest.mark.anyio
async def test_head_that_grows_without_end_is_refused(tmp_path):
    def attack(port: int) -> None:
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 300_000
        started = time.monotonic()
        assert ask(port, head, LIMIT_S)[:12] in (b"HTTP/1.1 400", b"")
        assert time.monotonic() - started < LIMIT_S

    async with serving(tmp_path) as dashboard:
        await anyio.to_thread.run_sync(attack, dashboard.port)
