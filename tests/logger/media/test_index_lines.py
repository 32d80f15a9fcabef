"""Lines of an index: what is parsed without JSON is what JSON would give."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.media import index_lines
from ml_tracking_ops.logger.media.entries import MediaEntry, entry_of, parse_fields
from ml_tracking_ops.logger.media.index_lines import parse_lines
from ml_tracking_ops.logger.media.kinds import HISTOGRAM
from ml_tracking_ops.logger.paths import media_index_of

FILE = "run.files/logged_media/" + "0a" * 16 + ".png"
IMAGE = {"kind": "image", "name": "a/b", "step": 3, "time": 12.5, "width": 64, "height": 32}
NUMBERS = {"number": 3, "minimum": -1.5e-7, "maximum": 2.0, "mean": 0.25, "counts": [1, 2]}
LINES = [
    {**IMAGE, "file": FILE, "bytes": 100},
    {**IMAGE, "step": -7, "caption": "epoch 3, lr = 0.1", "file": FILE, "bytes": 1, "keep": 5},
    {"kind": "histogram", "name": "w", "step": 0, "time": 1.0, **NUMBERS, "edges": [-1.5, 2.0]},
    {"kind": "histogram", "name": "w", "step": 9, "time": 1.5, "number": 0, "keep": 2},
]


def encoded(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def by_json(line: bytes) -> MediaEntry | None:
    fields = parse_fields(line)
    return None if fields is None else entry_of(fields, "source", 40, len(line))


@pytest.mark.parametrize("line", [encoded(line) for line in LINES])
def test_usual_lines_take_the_short_way(line: bytes) -> None:
    found = index_lines._own_entry(line, "source", 40)
    assert found is not None
    assert found == by_json(line)


@given(
    st.sampled_from([encoded(line) for line in LINES]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=2)), max_size=3),
)
def test_changed_lines_mean_what_they_mean_in_json(
    line: bytes, changes: list[tuple[int, bytes]]
) -> None:
    for at, put in changes:
        line = line[:at] + put + line[at + 1 :]
    found = index_lines._own_entry(line, "source", 40)
    if found is None:
        return
    if found.kind == HISTOGRAM and parse_fields(line) is None:
        return  # its numbers are damaged, which is said where they are shown
    assert found == by_json(line)


def test_lines_of_both_ways_keep_their_order_and_places() -> None:
    texts = [encoded(LINES[0]), b"torn {", encoded({**LINES[0], "name": "é"}), encoded(LINES[2])]
    found = parse_lines(texts, "source", 10)
    entries = [line for line in found if isinstance(line, MediaEntry)]
    assert [(entry.name, entry.at) for entry in entries] == [
        ("a/b", 10),
        ("é", 10 + len(texts[0]) + len(texts[1]) + 2),
        ("w", 10 + sum(map(len, texts[:3])) + 3),
    ]


def test_lines_that_the_logger_writes_take_the_short_way(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as logger:
        for step in range(3):
            logger.add_image("a", [[[0.0, 0.5, step / 3]]], step, caption="x", keep="last 2")
            logger.add_histogram("w", [-1.0, 1e-300, 5.0], step)
    lines = Path(media_index_of(logger.path)).read_bytes().splitlines()
    assert all(index_lines._own_entry(line, "source", 0) for line in lines)
