"""Whole logs, as they were written."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from log_bytes import (
    HEADER,
    LOSS,
    POINTS,
    Point,
    contents,
    expected,
    log_bytes,
    losses,
    scalar,
    steps_of,
)

from ml_tracking_ops.logger.reading.columns import CHUNK_BYTES
from ml_tracking_ops.logger.reading.reader import (
    LogTail,
    read_log,
)
from ml_tracking_ops.logger.records import (
    RECORD_SIZE,
    encode_name,
    encode_scalar,
    metric_id,
)


@settings(deadline=None)
@given(POINTS)
def test_written_values_are_read_back(scratch: Path, points: list[Point]) -> None:
    scratch.write_bytes(log_bytes(points))
    log = read_log(scratch)
    assert contents(log) == expected(points)
    assert list(log) == list(expected(points))
    assert (log.n_skipped, log.is_legacy, log.created_at) == (0, False, 100.0)
    assert log.size_bytes == scratch.stat().st_size


def test_log_over_many_chunks_keeps_the_order_within_each_metric(dat: Path) -> None:
    n_points = 3 * CHUNK_BYTES // RECORD_SIZE + 17
    names = [f"metric_{index}" for index in range(7)]
    random = Random(0)
    points = [(random.choice(names), step, random.random()) for step in range(n_points)]
    dat.write_bytes(log_bytes(points))
    assert contents(read_log(dat)) == expected(points)


def test_metric_alone_in_a_chunk_keeps_its_order(dat: Path) -> None:
    n_points = CHUNK_BYTES // RECORD_SIZE + 5
    dat.write_bytes(HEADER + LOSS + losses(range(n_points)))
    assert read_log(dat)["loss"].step.tolist() == list(range(n_points))


def test_thousands_of_metrics_are_distinguished(dat: Path) -> None:
    points = [(f"metric {index}", step, index) for step in range(2) for index in range(6000)]
    dat.write_bytes(log_bytes(points))
    log = read_log(dat)
    assert len(log) == 6000
    assert contents(log) == expected(points)


def test_ids_with_equal_low_bits_are_distinguished(dat: Path) -> None:
    ids = [0x1234, 0x1234 + (1 << 16), 0x1234 + (1 << 39)]
    names = b"".join(encode_name(identifier, f"m{identifier}") for identifier in ids)
    values = b"".join(encode_scalar(ids[step % 3], step, 0.0, 0.0) for step in range(300))
    dat.write_bytes(HEADER + names + values)
    log = read_log(dat)
    for index, identifier in enumerate(ids):
        assert log[f"m{identifier}"].step.tolist() == list(range(index, 300, 3))


def test_metrics_come_in_the_order_of_their_declaration(dat: Path) -> None:
    names = ["z", "a", "m", "b"]
    dat.write_bytes(log_bytes([(name, step, 0.0) for step in range(50) for name in names]))
    assert list(read_log(dat)) == names


def test_undeclared_metric_is_named_after_its_id(dat: Path) -> None:
    dat.write_bytes(HEADER + b"".join(encode_scalar(0xAB, step, 0.0, 1.0) for step in range(100)))
    assert list(read_log(dat)) == ["unnamed-00000000ab"]
    assert list(LogTail(dat).read().series) == ["unnamed-00000000ab"]
    assert list(LogTail(dat).read(max_bytes=64).series) == ["unnamed-00000000ab"]


def test_declared_metric_without_values_is_left_out(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS)
    assert dict(read_log(dat)) == {}


def test_two_ids_of_one_name_are_one_metric(dat: Path) -> None:
    twin = encode_name(7, "loss") + encode_scalar(7, 2, 0.0, 0.0)
    dat.write_bytes(HEADER + LOSS + scalar("loss", 1) + twin)
    assert read_log(dat)["loss"].step.tolist() == [1, 2]
    assert steps_of(LogTail(dat).read()) == [1, 2]


def test_contradicting_declaration_is_ignored_and_counted(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + encode_name(metric_id("loss"), "other") + losses([1]))
    log = read_log(dat)
    assert list(log) == ["loss"]
    assert log.n_skipped == 1


def test_folder_with_one_log_means_that_log(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1]))
    (dat.parent / "run.log").touch()
    assert list(read_log(dat.parent)) == ["loss"]
    assert list(read_log(str(dat.parent))) == ["loss"]


def test_folder_without_a_log_or_with_several_is_refused(dat: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no \.dat file"):
        read_log(dat.parent)
    for name in ("a.dat", "b.dat"):
        (dat.parent / name).write_bytes(HEADER)
    with pytest.raises(ValueError, match=r"holds 2 \.dat files\. .*a\.dat"):
        read_log(dat.parent)
