"""Logs that grow, or become others, while they are followed."""

import os
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_bytes import (
    END,
    FAILED_END,
    HEADER,
    LOSS,
    POINTS,
    Point,
    append,
    expected,
    log_bytes,
    losses,
    points_of,
    scalar,
    steps_of,
)

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.reading.columns import Decoder
from ml_tracking_ops.logger.reading.reader import (
    LogFormatError,
    LogTail,
    read_log,
)
from ml_tracking_ops.logger.records import (
    RECORD_SIZE,
    encode_header,
    encode_name,
    encode_scalar,
    metric_id,
)


@settings(deadline=None)
@given(POINTS, st.data())
def test_tail_over_any_pieces_is_the_whole_log(
    scratch: Path, points: list[Point], data: st.DataObject
) -> None:
    whole = log_bytes(points)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    max_bytes = data.draw(st.sampled_from([1, 32, 100, 2000, 4 << 20]))
    scratch.unlink(missing_ok=True)
    log_tail = LogTail(scratch)
    found: dict[str, list[tuple[int, bytes]]] = {}
    for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        append(scratch, whole[begin:end])
        take_all(log_tail, max_bytes, found)
        if data.draw(st.booleans()):
            log_tail = LogTail(scratch, log_tail.offset)
    assert found == expected(points)
    assert log_tail.offset == len(whole)
    assert log_tail.n_skipped == 0


def take_all(log_tail: LogTail, max_bytes: int, found: dict[str, list[tuple[int, bytes]]]) -> None:
    while True:
        batch = log_tail.read(max_bytes)
        assert not batch.was_reset
        assert batch.offset == log_tail.offset
        for name, series in batch.series.items():
            assert len(series)
            found.setdefault(name, []).extend(points_of(series))
        if not batch.has_more:
            return


def test_tail_follows_a_logger(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as logger:
        log_tail = LogTail(logger.path)
        for step in range(5):
            logger.add_scalars({"loss": step, f"new_{step}": step}, step)
            batch = log_tail.read()
            assert steps_of(batch) == [step]
            assert set(batch.series) == {"loss", f"new_{step}"}
            assert not batch.is_closed
        assert log_tail.read().series == {}
    assert log_tail.read().is_closed


def test_tail_continues_where_read_log_ended(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1, 2]))
    log_tail = LogTail(dat, read_log(dat).size_bytes)
    append(dat, losses([3]))
    assert steps_of(log_tail.read()) == [3]


def test_tail_from_the_middle_knows_the_names_before(dat: Path) -> None:
    late = encode_name(metric_id("late"), "late")
    front = HEADER + LOSS + losses(range(40_000)) + late
    dat.write_bytes(front)
    log_tail = LogTail(dat, len(front))
    append(dat, losses([1]))
    assert list(log_tail.read().series) == ["loss"]
    append(dat, scalar("late", 1))
    assert list(log_tail.read().series) == ["late"]


def test_max_bytes_ends_a_batch(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(10)))
    log_tail = LogTail(dat)
    batch = log_tail.read(max_bytes=4 * RECORD_SIZE)
    assert (steps_of(batch), batch.has_more) == ([0, 1, 2], True)
    batch = log_tail.read()
    assert (steps_of(batch), batch.has_more) == ([3, 4, 5, 6, 7, 8, 9], False)


def test_tail_reads_only_new_bytes_of_any_file(dat: Path, read_sizes: list[int]) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(50_000)))
    log_tail = LogTail(dat)
    log_tail.read()
    read_sizes.clear()
    for step in range(5):
        append(dat, losses([step]))
        assert steps_of(log_tail.read()) == [step]
    assert sum(read_sizes) == 5 * (RECORD_SIZE + RECORD_SIZE)  # the header each time


@pytest.mark.parametrize("make_other", ["truncate", "replace", "delete", "overwrite"])
def test_replaced_file_is_read_again(dat: Path, make_other: str) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1, 2, 3]))
    log_tail = LogTail(dat)
    assert steps_of(log_tail.read()) == [1, 2, 3]
    other = encode_header(101.0) + LOSS + losses([9] * 20)
    if make_other == "truncate":
        os.truncate(dat, len(HEADER + LOSS) + RECORD_SIZE)
        other_steps = [1]
    elif make_other == "replace":
        new = dat.with_suffix(".new")
        new.write_bytes(HEADER + LOSS + losses([9] * 20))
        new.rename(dat)
        other_steps = [9] * 20
    elif make_other == "delete":
        dat.unlink()
        other_steps = []
    else:
        dat.write_bytes(other)
        other_steps = [9] * 20
    batch = log_tail.read()
    assert batch.was_reset
    assert steps_of(batch) == other_steps
    if make_other == "delete":
        assert batch.offset == 0
        dat.write_bytes(other)
        assert steps_of(log_tail.read()) == [9] * 20
    append(dat, losses([10]))
    batch = log_tail.read()
    assert not batch.was_reset
    assert steps_of(batch) == [10]


def test_reset_is_reported_even_if_the_file_was_garbage_in_between(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1]))
    log_tail = LogTail(dat)
    log_tail.read()
    dat.write_bytes(b"garbage")
    with pytest.raises(LogFormatError):
        log_tail.read()
    dat.write_bytes(encode_header(3.0) + LOSS + losses([2]))
    batch = log_tail.read()
    assert (steps_of(batch), batch.was_reset) == ([2], True)


@pytest.mark.parametrize("offset", [33, 31, 10_000, 2**70])
def test_unknown_offset_starts_again(dat: Path, offset: int) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1]))
    batch = LogTail(dat, offset).read()
    assert (steps_of(batch), batch.was_reset) == ([1], True)


def test_negative_offset_is_refused(dat: Path) -> None:
    with pytest.raises(ValueError, match="-1"):
        LogTail(dat, -1)


def test_both_decoders_agree_on_everything() -> None:
    random = Random(7)
    records = [
        LOSS,
        END,
        FAILED_END,
        bytes(32),
        encode_name(metric_id("loss"), "other"),
        encode_name(9, "nine"),
        *(scalar("loss", step) for step in range(4)),
        *(encode_scalar(9, step, 0.0, 1.0) for step in range(4)),
    ]
    for _ in range(200):
        data = b"".join(random.choices(records, k=30))
        by_loop, by_numpy = Decoder(few_bytes=1 << 20), Decoder(few_bytes=0)
        looped = by_loop.decode(data)
        vectorised = by_numpy.decode(data)
        assert looped.keys() == vectorised.keys()
        for identifier, series in looped.items():
            assert points_of(series) == points_of(vectorised[identifier])
        for name in ("n_skipped", "is_closed", "ended_with_error"):
            assert getattr(by_loop, name) == getattr(by_numpy, name), name
        assert set(by_loop.ids) == set(by_numpy.ids)
        assert by_loop.names.names == by_numpy.names.names


def test_idle_tail_keeps_no_memory_of_what_it_read(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(50_000)))
    LogTail(dat).read()  # makes the tables of checksums, which stay
    log_tail = LogTail(dat)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        assert len(steps_of(log_tail.read())) == 50_000
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before > 50_000 * RECORD_SIZE
    assert after - before < 100_000
