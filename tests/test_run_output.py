"""A run's output in parts: every byte in exactly one of them, lines and characters whole."""

import os
from pathlib import Path

import anyio
import httpx
import pytest

from ml_tracking_ops.orchestrator.journal import Journal
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.run_output import read_after, read_before, read_end

LINES = "".join(f"Zeile {n}: größer ✓\n" for n in range(60_000))
BAR = "\n" + "".join(f"\r{n}% ▏▎▍" for n in range(60_000))


@pytest.mark.parametrize("text", [LINES, BAR, "é" * 400_000], ids=["lines", "bar", "one line"])
def test_parts_from_the_end_to_the_beginning_make_up_the_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.log"
    path.write_text(text, encoding="utf-8", newline="")
    part = read_end(path)
    assert part is not None
    assert part.end == part.size == len(text.encode())
    texts = [part.text]
    while part.start > 0:
        before = read_before(path, part.start)
        assert before is not None
        assert before.end == part.start
        part = before
        texts.insert(0, part.text)
    assert "".join(texts) == text
    assert len(texts) > 3
    if text is LINES:
        assert all(one.startswith("Zeile") and one.endswith("✓\n") for one in texts)


def test_parts_from_the_beginning_to_the_end_make_up_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text(LINES, encoding="utf-8")
    texts, place = [], 0
    while place < path.stat().st_size:
        part = read_after(path, place)
        assert part is not None
        texts.append(part.text)
        place = part.end
    assert "".join(texts) == LINES
    assert len(texts) > 3


def test_character_that_is_half_written_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes("Größe ✓".encode()[:-1])
    part = read_end(path)
    assert part is not None
    assert (part.text, part.end) == ("Größe ", part.size - 2)


def test_pipe_in_the_place_of_a_log_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.log")
    assert read_end(tmp_path / "run.log") is None
    assert read_end(tmp_path / "nothing.log") is None


def test_output_is_asked_for_by_run_and_place(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "s"
    folder.mkdir(parents=True)
    (folder / "experiment_description.json").write_text('{"config": {}}')
    journal = Journal(folder / "journal.jsonl", lambda trouble: None)
    journal.append("sampled", index=1, hyperparameters={})
    journal.append("started", index=1, name="r_1", attempt=1, pid=1, slot=0)
    journal.close()
    (folder / "r_1.log").write_text("first\nsecond\n")

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(tmp_path / "runs"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    expected = {"text": "first\n", "start": 0, "end": 6, "size": 13}
    assert anyio.run(ask, "/api/output?run=s/r_1&before=6").json() == expected
    assert anyio.run(ask, "/api/output?run=s/r_1&after=6").json()["text"] == "second\n"
    assert anyio.run(ask, "/api/output?run=s/r_1&before=x").status_code == 400
    assert anyio.run(ask, "/api/output?run=s/../../r_1").status_code == 404
