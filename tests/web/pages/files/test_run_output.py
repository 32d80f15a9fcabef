"""A run's output in parts: every byte in exactly one of them, lines and characters whole."""

import os
from pathlib import Path

import anyio
import httpx
import pytest

from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.pages.files.output import read_after, read_before, read_end
from ml_tracking_ops.web.pages.files.output_search import MOST_LINES, search_output
from ml_tracking_ops.web.serving.byte_ranges import ByteRange, UnsatisfiableError, parse_range

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


def test_half_written_character_waits_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes("Größe ✓".encode()[:-1])
    part = read_end(path)
    assert part is not None
    assert (part.text, part.end) == ("Größe ", part.size - 2)


def test_pipe_in_the_place_of_a_log_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.log")
    assert read_end(tmp_path / "run.log") is None
    assert read_end(tmp_path / "nothing.log") is None


def test_search_finds_what_lines_show_wherever_they_are(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    bar = "\r".join(f"{n} %" for n in range(200_000))
    text = f"\x1b[31mErr\x1b[0mor: GRÖSSE\n{bar}\n{LINES}{'x' * 100} last error"
    path.write_text(text, encoding="utf-8", newline="")
    found = search_output(path, "ERROR")
    assert found is not None
    assert (found.searched_to, found.size) == (len(text.encode()), len(text.encode()))
    first, last = found.lines
    assert (first.start, first.text) == (0, "Error: GRÖSSE")
    assert text.encode()[last.start : last.end].decode() == f"{'x' * 100} last error"
    assert last.text == f"…{'x' * 34} last error"
    assert len((search_output(path, "grösse") or found).lines) == 1
    bars = search_output(path, "199999 %")
    assert bars is not None
    assert [line.text for line in bars.lines] == ["199999 %"]
    assert (search_output(path, "199998 %") or found).lines == []


def test_search_ends_and_continues_from_there(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text(LINES, encoding="utf-8")
    n_lines, at = 0, 0
    while at < path.stat().st_size:
        found = search_output(path, "7: größer", at)
        assert found is not None
        assert len(found.lines) <= MOST_LINES
        n_lines, at = n_lines + len(found.lines), found.searched_to
    assert n_lines == 6_000
    hurried = search_output(path, "größer", 0, most_s=0)
    assert hurried is not None
    assert hurried.lines
    assert search_output(tmp_path / "nothing.log", "x") is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-3", ByteRange(0, 4)),
        ("bytes=6-", ByteRange(6, 10)),
        ("bytes=-4", ByteRange(6, 10)),
        ("bytes=-99", ByteRange(0, 10)),
        ("bytes=2-99", ByteRange(2, 10)),
        (None, None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=٣-", None),
    ],
)
def test_range_is_a_part_of_the_file(text: str | None, part: ByteRange | None) -> None:
    assert parse_range(text, 10) == part


@pytest.mark.parametrize("text", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_range_behind_the_end_is_refused(text: str) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(text, 10)


def test_output_is_requested_by_run_and_position(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "s"
    folder.mkdir(parents=True)
    (folder / "experiment_description.json").write_text('{"config": {}}')
    journal = Journal(folder / "journal.jsonl", lambda trouble: None)
    journal.append("sampled", index=1, hyperparameters={})
    journal.append("started", index=1, name="r_1", attempt=1, pid=1, slot=0)
    (folder / "r_1.log").write_text("first\nsecond\n")

    async def ask(path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(tmp_path / "runs"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, headers=headers)

    expected = {"text": "first\n", "start": 0, "end": 6, "size": 13}
    assert anyio.run(ask, "/api/output?run=s/r_1&before=6").json() == expected
    assert anyio.run(ask, "/api/output?run=s/r_1&after=6").json()["text"] == "second\n"
    assert anyio.run(ask, "/api/output?run=s/r_1&before=x").status_code == 400
    assert anyio.run(ask, "/api/output?run=s/../../r_1").status_code == 404
    answer = anyio.run(ask, "/api/output/search?run=s/r_1&q=SEC").json()
    assert answer["lines"] == [{"start": 6, "end": 13, "text": "second"}]
    assert anyio.run(ask, "/api/output/search?run=s/r_1&q=").status_code == 400

    part = {"Range": "bytes=6-"}
    going_on = anyio.run(ask, "/output/s/r_1", part)
    assert (going_on.status_code, going_on.text) == (200, "first\nsecond\n")
    ended = {"state": "finished", "exit_code": 0, "duration_s": 1.0, "reason": None}
    journal.append("ended", index=1, output_tail=[], n_values=0, **ended)
    journal.close()
    rest = anyio.run(ask, "/output/s/r_1", part)
    assert (rest.status_code, rest.text) == (206, "second\n")
    assert rest.headers["content-range"] == "bytes 6-12/13"
    known = rest.headers["etag"]
    assert anyio.run(ask, "/output/s/r_1", {**part, "If-Range": known}).status_code == 206
    assert anyio.run(ask, "/output/s/r_1", {**part, "If-Range": '"other"'}).text.startswith("first")
    whole = anyio.run(ask, "/output/s/r_1", {"Accept-Encoding": "gzip"})
    assert (whole.headers["content-length"], whole.headers["accept-ranges"]) == ("13", "bytes")
    behind = anyio.run(ask, "/output/s/r_1", {"Range": "bytes=13-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, "bytes */13")
