import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.orchestrator.running.resumption import attempts_left
from ml_tracking_ops.orchestrator.store.histories.history import RunSampled
from ml_tracking_ops.orchestrator.store.journal import Journal, JournalTail, encode
from ml_tracking_ops.orchestrator.store.pool_record import OrchestratorSession
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
kinds = st.sampled_from(
    ["sweep_started", "sampled", "started", "stopped_early", "ended", "warning", "sweep_ended"]
)
keys = st.sampled_from(
    ["index", "hyperparameters", "name", "time", "state", "reason", "best_value", "output_tail"]
)


def open_journal(path: Path) -> Journal:
    return Journal(path, on_trouble=pytest.fail)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def whole_run(journal: Journal, index: int, best: float | None = None) -> None:
    journal.append("sampled", index=index, hyperparameters={"x": index})
    journal.append("started", index=index, name=f"run_{index}", attempt=1, pid=1, slot=0)
    journal.append("ended", index=index, state="finished", exit_code=0, best_value=best)


def folded(path: Path) -> SweepRecord:
    record = SweepRecord(goal="max")
    for event in JournalTail(path).read():
        record.apply(event)
    return record


def test_folding_gives_the_state(path: Path) -> None:
    journal = open_journal(path)
    journal.append("sweep_started", n_workers=2, pid=1, host="here")
    whole_run(journal, 1, best=0.5)
    whole_run(journal, 2, best=0.75)
    journal.append("sampled", index=3, hyperparameters={"x": 3})
    journal.append("started", index=3, name="run_3", attempt=1, pid=1, slot=1)
    journal.close()
    record = folded(path)
    assert record.counts == {"running": 1, "finished": 2}
    assert record.best is record.runs[2]
    assert record.runs[3].hyperparameters == {"x": 3}
    assert (record.state, record.n_workers) == ("running", 2)


def test_run_taken_back_has_its_earlier_state(path: Path) -> None:
    journal = open_journal(path)
    by_hand = {"action": "stop", "index": 1, "outcome": "done", "reason": "stopped by hand (me)"}
    again = {"action": "requeue", "index": 1, "outcome": "done", "attempt": 2}
    taken_back = {"action": "stop", "index": 1, "outcome": "done", "taken_back": True}
    journal.append("sampled", index=1, hyperparameters={"x": 1})
    journal.append("started", index=1, name="run_1", attempt=1, pid=1, slot=0)
    journal.append("requested", id="1", **by_hand)
    journal.append("ended", index=1, state="killed", exit_code=-15, best_value=0.5)
    was = folded(path).runs[1]
    assert (was.state, was.reason, was.waits_again) == ("killed", "stopped by hand (me)", False)

    journal.append("requested", id="2", **again)
    waiting = folded(path)
    assert (waiting.runs[1].state, waiting.runs[1].waits_again) == ("pending", True)
    assert [one.number for one in attempts_left(waiting, 1)] == [2]
    journal.append("requested", id="3", **taken_back)
    assert folded(path).runs[1] == was
    assert attempts_left(folded(path), 1) == []
    journal.append("requested", id="4", **taken_back)  # nothing is left to take back
    assert folded(path).runs[1] == was

    journal.append("requested", id="5", **again)
    journal.append("started", index=1, name="run_1_attempt2", attempt=2, pid=2, slot=0)
    journal.append("requested", id="6", **taken_back)
    journal.append("ended", index=1, state="failed", exit_code=1, will_retry=True)
    journal.append("retrying", index=1, attempt=3)
    journal.close()
    retried = folded(path).runs[1]
    assert (retried.state, retried.attempt, retried.waits_again) == ("pending", 3, False)


def test_attempts_are_kept_as_they_ended(path: Path) -> None:
    journal = open_journal(path)
    for attempt in (1, 2):
        name = "run_1" if attempt == 1 else "run_1_attempt2"
        journal.append("sampled", index=1, hyperparameters={"x": 1})
        journal.append("started", index=1, name=name, attempt=attempt, pid=1, slot=0)
        journal.append("ended", index=1, state="failed", best_value=attempt, reason=f"no {attempt}")
        journal.append("retrying", index=1, attempt=attempt + 1)
    journal.close()
    run = folded(path).runs[1]
    (first,) = run.earlier
    assert (first.state, first.reason, first.best_value) == ("failed", "no 1", 1)
    assert (run.state, run.n_failed) == ("pending", 2)
    run.begin_attempt("run_1_attempt3", 3, 0)
    assert [(one.state, one.best_value) for one in run.earlier] == [("failed", 1), ("failed", 2)]
    run.state = "running"
    assert run.n_failed == 2


def test_tail_reads_each_event_once_and_waits_for_half_a_line(path: Path) -> None:
    tail = JournalTail(path)
    assert tail.read() == []
    line = encode({"event": "warning", "time": 1.0, "message": "é"})
    with path.open("ab", buffering=0) as file:
        file.write(line + line[:10])
        assert len(tail.read()) == 1
        assert tail.read() == []
        file.write(line[10:])
        assert [event["message"] for event in tail.read()] == ["é"]
    assert tail.n_skipped == 0


def test_line_without_an_object_is_counted_and_skipped(path: Path) -> None:
    path.write_bytes(b"nonsense\n[1]\n\xff\xfe\n\n" + encode({"event": "warning", "message": "a"}))
    tail = JournalTail(path)
    assert [event["message"] for event in tail.read()] == ["a"]
    assert tail.n_skipped == 3


def test_huge_line_is_skipped_without_being_held(path: Path) -> None:
    good = encode({"event": "warning", "message": "a"})
    with path.open("wb") as file:
        file.write(good)
        file.write(b"x" * (9 << 20))
        file.write(b"\n" + good)
    tail = JournalTail(path)
    assert len(tail.read()) == 2
    assert tail.n_skipped == 1


def test_long_journal_is_never_in_memory_as_a_whole(path: Path) -> None:
    journal = open_journal(path)
    for number in range(3_000):
        journal.append("warning", message=f"{number} {'x' * 1_000}")
    journal.close()
    parts = list(JournalTail(path).parts())
    assert [event["message"].split()[0] for part in parts for event in part] == list(
        map(str, range(3_000))
    )
    assert max(map(len, parts)) <= 1_100


def test_replaced_journal_is_read_again(path: Path) -> None:
    line = encode({"event": "warning", "message": "a"})
    path.write_bytes(line * 3)
    tail = JournalTail(path)
    assert len(tail.read()) == 3
    other = path.with_name("other")
    other.write_bytes(line * 2)
    other.replace(path)
    assert len(tail.read()) == 2
    assert tail.was_reset


def test_half_line_of_a_crashed_writer_is_sealed(path: Path) -> None:
    path.write_bytes(encode({"event": "warning", "message": "a"}) + b'{"event": "war')
    journal = open_journal(path)
    journal.append("warning", message="b")
    journal.close()
    tail = JournalTail(path)
    assert [event["message"] for event in tail.read()] == ["a", "b"]
    assert tail.n_skipped == 1


def test_journal_is_locked_by_its_writer_alone(path: Path) -> None:
    journal = open_journal(path)
    assert is_held(path)
    journal.close()
    assert is_held(path) is False


def test_second_close_leaves_alone_what_has_been_opened_since(path: Path) -> None:
    journal = Journal(path, print)
    journal.close()
    with open(path, "rb") as file:
        journal.close()
        assert file.read() == path.read_bytes()


def test_not_finite_values_survive(path: Path) -> None:
    journal = open_journal(path)
    journal.append("started", index=1, name="a")
    journal.append("ended", index=1, state="finished", best_value=math.inf)
    journal.close()
    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)
    assert folded(path).runs[1].best_value == math.inf


def test_disk_full_keeps_events_until_there_is_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles: list[str] = []
    journal = Journal(path, on_trouble=troubles.append)
    real_write = os.write
    room = 30

    def write_into_little_room(fd: int, data: bytes) -> int:
        nonlocal room
        if room == 0:
            raise OSError(28, "No space left on device")
        written = real_write(fd, data[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", write_into_little_room)
    journal.append("warning", message="a")
    journal.append("warning", message="b")
    assert len(troubles) == 1
    assert "No space left" in troubles[0]
    room = 1_000
    journal.append("warning", message="c")
    journal.close()
    assert [event["message"] for event in JournalTail(path).read()] == ["a", "b", "c"]


@given(
    st.lists(
        st.dictionaries(keys, json_values).flatmap(
            lambda event: kinds.map(lambda kind: {**event, "event": kind})
        )
    )
)
def test_folding_never_raises(events: list[dict[str, Any]]) -> None:
    record = SweepRecord(goal="min")
    for event in events:
        record.apply(event)
    assert sum(record.counts.values()) == len(record.runs)
    assert record.best is None or record.best.best_value is not None


@given(st.binary())
def test_tail_never_raises_on_garbage(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(data)
        tail = JournalTail(path)
        record = SweepRecord()
        for event in tail.read():
            record.apply(event)
        assert tail.offset == len(data)


_OLD_JOURNAL = """\
{"event":"sweep_started","time":100.0,"n_workers":2,"max_runs":3,"pid":7,"host":"here"}
{"event":"known","time":100.0,"hyperparameters":{"x":0},"status":"finished","best_value":0.25}
{"event":"sampled","time":100.5,"index":1,"hyperparameters":{"x":1}}
{"event":"started","time":101.0,"index":1,"name":"r_1","attempt":1,"pid":8,"slot":0}
{"event":"sampled","time":101.0,"index":2,"hyperparameters":{"x":2}}
{"event":"started","time":101.5,"index":2,"name":"r_2","attempt":1,"pid":9,"slot":1}
{"event":"ended","time":105.0,"index":1,"status":"finished","exit_code":0,"best_value":0.5,"best_step":3}
{"event":"stopped_early","time":106.0,"index":2,"reason":"stopped early at step 2: too bad"}
{"event":"ended","time":107.0,"index":2,"status":"early_stopped","exit_code":-15,"best_value":0.1}
{"event":"sweep_ended","time":108.0,"status":"finished","reason":null}
"""


def test_journal_of_an_earlier_version_is_read(path: Path) -> None:
    """Its events call the state `status`."""
    path.write_text(_OLD_JOURNAL)
    record = folded(path)
    assert (record.state, record.ended_at, record.n_skipped) == ("finished", 108.0, 0)
    assert [run.state for run in record.runs.values()] == ["finished", "early_stopped"]
    assert [event.state for event in record.history if not isinstance(event, RunSampled)] == [
        "finished",
        "finished",
        "early_stopped",
    ]
    assert [span.state for span in record.pool.spans] == ["finished", "early_stopped"]
    assert record.pool.sessions == [OrchestratorSession(100.0, 108.0, [(100.0, 2)])]
