"""Files that are looked at directly while they grow."""

from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from ml_tracking_ops.orchestrator.store.watching.awaited_files import AwaitedFiles, poll_awaited


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def test_nothing_is_looked_at_before_an_event_says_that_a_file_grows(tmp_path: Path) -> None:
    log = tmp_path / "run.dat"
    append(log)
    files = AwaitedFiles(lambda: [log])
    assert files.changed() == set()
    assert files.is_time_to_ask


def test_file_that_grows_is_noticed_by_its_size_and_once(tmp_path: Path) -> None:
    log, other = tmp_path / "run.dat", tmp_path / "journal.jsonl"
    append(log)
    files = AwaitedFiles(lambda: [log])
    assert files.take_in({log, other}) == {log, other}
    assert not files.is_time_to_ask
    append(log)
    assert files.changed() == {log}
    assert files.changed() == set()
    assert files.take_in({log, other}) == {other}  # the event came late


def test_file_that_took_the_place_of_another_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "run.dat"
    append(log)
    files = AwaitedFiles(lambda: [log])
    files.take_in({log})
    new = tmp_path / "new"
    append(new)
    new.rename(log)
    assert files.changed() == {log}


def test_files_come_and_go(tmp_path: Path) -> None:
    logs = [tmp_path / "1.dat", tmp_path / "2.dat"]
    append(logs[0])
    files = AwaitedFiles(lambda: logs)
    files.take_in({logs[0]})
    append(logs[1])
    assert files.changed() == {logs[1]}
    logs[0].unlink()
    assert files.changed() == set()
    assert files.take_in({logs[0]}) == {logs[0]}


@pytest.mark.anyio
async def test_files_are_polled_without_events(tmp_path: Path) -> None:
    log, requests = tmp_path / "run.dat", tmp_path / "requests"
    append(log)
    with anyio.fail_after(20):
        async with aclosing(poll_awaited(lambda: [log, requests], 0.01)) as changes:
            assert await anext(changes) == set()
            append(log)
            assert await anext(changes) == {log}
            requests.mkdir()
            assert await anext(changes) == {requests}
            append(requests / "1.json")
            assert await anext(changes) == {requests}
