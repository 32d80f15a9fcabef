"""Logs of the original tool: real ones, damaged ones, hostile ones."""

import base64
import json
import os
import pickle
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from places import LEGACY

from ml_tracking_ops.logger import LogFormatError, LogTail, read_log
from ml_tracking_ops.logger.reading import legacy
from ml_tracking_ops.logger.reading.legacy import byte_strings
from ml_tracking_ops.logger.reading.reader import Ending, read_ending

EXPERIMENT = LEGACY / "Nov-23_10-32-43"
SWEEP = LEGACY / "Experiment_Nov-23_10-33-06"


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return tmp_path / "run.dat"


def point(step: object, value: object = 0.5, time: object = 1.0) -> bytes:
    return json.dumps({"value": value, "step": step, "time": time}).encode()


def encoded(points: object, protocol: int = 4) -> str:
    return base64.b64encode(pickle.dumps(points, protocol)).decode()


def legacy_log(**metrics: object) -> str:
    return json.dumps({name: encoded(points) for name, points in metrics.items()})


def test_experiment_of_the_original_tool_opens() -> None:
    log = read_log(EXPERIMENT)
    assert {name: len(series) for name, series in log.items()} == {"Loss": 350, "Accuracy": 10}
    assert log["Loss"].step.tolist() == list(range(350))
    assert (log["Loss"].value[0], log["Accuracy"].value[-1]) == (1.0, 0.9)
    assert 0 < log["Loss"].wall_time[0] < log["Loss"].wall_time[-1] < 1  # since the run's start
    assert (log.is_legacy, log.n_skipped, log.created_at) == (True, 0, None)
    assert log.size_bytes == (EXPERIMENT / "Nov-23_10-32-43.dat").stat().st_size


def test_sweep_of_the_original_tool_opens() -> None:
    logs = [read_log(path) for path in sorted(SWEEP.glob("*.dat"))]
    assert [len(log["Accuracy"]) for log in logs] == [7, 9, 7, 7, 10]
    assert all(log.n_skipped == 0 for log in logs)


def test_ending_of_a_legacy_log_is_unknown() -> None:
    assert read_ending(EXPERIMENT / "Nov-23_10-32-43.dat") == Ending(is_legacy=True)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("n_points", [0, 1, 2, 1001, 2500])
def test_lists_of_any_length_and_protocol_open(dat: Path, protocol: int, n_points: int) -> None:
    points = [point(step) for step in range(n_points)]
    dat.write_text(json.dumps({"Loss": encoded(points, protocol)}))
    log = read_log(dat)
    assert log["Loss"].step.tolist() == list(range(n_points))
    assert log.n_skipped == 0


@settings(deadline=None)
@given(st.lists(st.binary(min_size=2, max_size=300), max_size=30), st.sampled_from([3, 4, 5]))
@example([bytes(70_000)] * 3, 4)
def test_byte_strings_are_restored(texts: list[bytes], protocol: int) -> None:
    copies = [bytes(bytearray(text)) for text in texts]  # as the tool's: each an object of its own
    assert byte_strings(pickle.dumps(copies, protocol)) == texts


@settings(deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda junk: b"\x80\x04]" + junk))
def test_random_pickles_raise_nothing_but_value_errors(data: bytes) -> None:
    try:
        found = byte_strings(data)
    except ValueError:
        return
    assert all(isinstance(text, bytes) for text in found)


class Hostile:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("protocol", range(6))
def test_hostile_pickle_runs_nothing(dat: Path, tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "was run"
    metrics = {
        "alone": encoded(Hostile(target), protocol),
        "in a list": encoded([point(1), Hostile(target)], protocol),
        "Loss": encoded([point(1)]),
    }
    dat.write_text(json.dumps(metrics))
    log = read_log(dat)
    assert list(log) == ["Loss"]
    assert log.n_skipped == 2
    assert not target.exists()


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x04]r\xff\xff\xff\x7f.",  # a memo of 2³¹ entries
        b"\x80\x04\x8e" + b"\xff" * 8 + b"x.",  # a byte string of 2⁶⁴
        b"\x80\x04" + b"(" * 100_000 + b".",
        b"\x80\x04]" * 10_000 + b".",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04]C",
        b"",
    ],
)
def test_pickle_bomb_is_harmless(pickled: bytes) -> None:
    try:
        assert byte_strings(pickled) == []
    except ValueError as error:
        assert "pickle" in str(error)  # noqa: PT017 - either way is right


@pytest.mark.parametrize(
    "bad",
    [
        b"no json",
        b"\xff",
        b"5",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        point("1"),
        point(1.5),
        point(None),
        point(2**63),
        point(1, "x"),
        point(1, None),
        point(1, [1]),
        point(1, 10**400),
        point(1, 0.5, None),
        b'{"value": 1, "step": 2}',
    ],
)
def test_damaged_value_affects_only_itself(dat: Path, bad: bytes) -> None:
    dat.write_text(legacy_log(Loss=[point(1), bad, point(3)]))
    log = read_log(dat)
    assert log["Loss"].step.tolist() == [1, 3]
    assert log.n_skipped == 1


@pytest.mark.parametrize("bad", ["", "!", "AAAA", 5, None, [], {}, "é"])
def test_damaged_metric_affects_only_itself(dat: Path, bad: object) -> None:
    dat.write_text(json.dumps({"Bad": bad, "Loss": encoded([point(1)])}))
    log = read_log(dat)
    assert list(log) == ["Loss"]
    assert log.n_skipped == 1


def test_invalid_unicode_in_a_name_is_made_printable(dat: Path) -> None:
    dat.write_text(json.dumps({"bad\ud800": encoded([point(1)])}))
    assert list(read_log(dat)) == ["bad\\ud800"]


@pytest.mark.parametrize("text", ["{", '{"Loss": ', '{"a": "b"', "{]", "{" * 100_000])
def test_damaged_json_is_refused_by_name(dat: Path, text: str) -> None:
    dat.write_text(text)
    for read in (read_log, lambda path: LogTail(path).read()):
        with pytest.raises(LogFormatError, match=r"run\.dat looks like a log of the original tool"):
            read(dat)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_that_begin_as_json_raise_only_format_errors(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.dat"
    path.write_bytes(b"{" + data)
    try:
        read_log(path)
    except LogFormatError as error:
        assert "random.dat" in str(error)  # noqa: PT017 - either way is right


def test_huge_file_is_refused_before_it_is_read(dat: Path) -> None:
    dat.write_text("{" + " " * 10_000)
    with FileIO(dat) as file, pytest.raises(LogFormatError, match="10001 bytes are more"):
        legacy.read_legacy(file, str(dat), max_bytes=10_000)
    assert file.closed


def test_empty_object_is_an_empty_log(dat: Path) -> None:
    dat.write_text("{}")
    assert dict(read_log(dat)) == {}


def test_tail_of_a_legacy_log_gives_all_and_again_after_a_change(dat: Path) -> None:
    dat.write_text(legacy_log(Loss=[point(1)]))
    tail = LogTail(dat)
    batch = tail.read()
    assert batch.series["Loss"].step.tolist() == [1]
    assert (batch.was_reset, batch.has_more, batch.offset) == (False, False, dat.stat().st_size)
    batch = tail.read()
    assert (batch.series, batch.was_reset) == ({}, False)
    dat.write_text(legacy_log(Loss=[point(1), b"damaged", point(2)]))
    batch = tail.read()
    assert batch.series["Loss"].step.tolist() == [1, 2]
    assert batch.was_reset
    assert tail.n_skipped == 1


def test_tail_of_a_legacy_log_continues_from_an_offset(dat: Path) -> None:
    dat.write_text(legacy_log(Loss=[point(1)]))
    offset = LogTail(dat).read().offset
    tail = LogTail(dat, offset)
    batch = tail.read()
    assert (batch.series, batch.was_reset) == ({}, False)
    dat.write_text(legacy_log(Loss=[point(1), point(2)]))
    batch = tail.read()
    assert (batch.series["Loss"].step.tolist(), batch.was_reset) == ([1, 2], True)
    batch = LogTail(dat, offset).read()
    assert (batch.series["Loss"].step.tolist(), batch.was_reset) == ([1, 2], True)
