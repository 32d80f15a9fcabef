"""Damage affects only the damaged records, and other files are refused."""

import os
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_bytes import (
    HEADER,
    LOSS,
    POINTS,
    Point,
    append,
    log_bytes,
    losses,
    scalar,
    steps_of,
)

from ml_tracking_ops.logger.reading.checksums import are_intact, as_rows
from ml_tracking_ops.logger.reading.columns import CHUNK_BYTES, Decoder
from ml_tracking_ops.logger.reading.reader import (
    LogFormatError,
    LogTail,
    read_ending,
    read_log,
)
from ml_tracking_ops.logger.records import (
    RECORD_SIZE,
    encode_header,
)


@settings(deadline=None)
@given(POINTS, st.data())
def test_damage_affects_only_the_damaged_records(
    scratch: Path, points: list[Point], data: st.DataObject
) -> None:
    sound = log_bytes(points)
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 5))):
        begin = data.draw(st.integers(0, len(sound) - 1))
        junk = data.draw(st.binary(min_size=1, max_size=100) | st.just(bytes(64)))
        damaged[begin : begin + len(junk)] = junk[: len(sound) - begin]
    scratch.write_bytes(damaged)
    is_same = [
        damaged[start : start + RECORD_SIZE] == sound[start : start + RECORD_SIZE]
        for start in range(0, len(sound), RECORD_SIZE)
    ]
    try:
        log = read_log(scratch)
    except LogFormatError:
        assert not is_same[0]
        assert not any(is_same[1:]) or "version" in refusal(scratch)
        return
    assert log.n_skipped == is_same.count(False)
    n_intact = n_values(bytes(damaged))
    assert sum(len(series) for series in log.values()) == n_intact


def refusal(path: Path) -> str:
    with pytest.raises(LogFormatError) as caught:
        read_log(path)
    return str(caught.value)


def n_values(data: bytes) -> int:
    """Counted by the other of the two decoders."""
    decoder = Decoder()
    return sum(
        len(series)
        for start in range(RECORD_SIZE, len(data), RECORD_SIZE)
        for series in decoder.decode(data[start : start + RECORD_SIZE]).values()
    )


@settings(deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda junk: HEADER + junk))
def test_random_bytes_raise_nothing_but_format_errors(scratch: Path, data: bytes) -> None:
    scratch.write_bytes(data)
    with suppress(LogFormatError):
        log = read_log(scratch)
        assert sum(len(log[name]) for name in log) <= len(data) // RECORD_SIZE
    with suppress(LogFormatError):
        assert read_ending(scratch).is_closed in (True, False)
    with suppress(LogFormatError):
        assert LogTail(scratch).read().offset <= len(data)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_behind_a_header_affect_nothing_else(scratch: Path, junk: bytes) -> None:
    scratch.write_bytes(HEADER + LOSS + losses([1]) + junk)
    log = read_log(scratch)
    assert log["loss"].step.tolist() == [1]
    assert log.n_skipped == -(-len(junk) // RECORD_SIZE)


@pytest.mark.parametrize("n_records", [1, 5, 60, 5000])
def test_block_of_nul_bytes_affects_only_itself(dat: Path, n_records: int) -> None:
    block = bytes(n_records * RECORD_SIZE)
    dat.write_bytes(HEADER + LOSS + losses(range(300)) + block + losses(range(300, 600)))
    log = read_log(dat)
    assert log["loss"].step.tolist() == list(range(600))
    assert log.n_skipped == n_records
    log_tail = LogTail(dat)
    assert steps_of(log_tail.read()) == list(range(600))
    assert log_tail.n_skipped == n_records


def test_every_flipped_bit_of_a_record_is_found_by_both_decoders() -> None:
    record = scalar("loss", 3, 0.1)
    as_number = int.from_bytes(record, "little")
    damaged = b"".join(
        (as_number ^ 1 << bit).to_bytes(RECORD_SIZE, "little") for bit in range(RECORD_SIZE * 8)
    )
    assert not are_intact(as_rows(damaged)).any()
    decoder = Decoder()
    for start in range(0, len(damaged), RECORD_SIZE):
        decoder.decode(damaged[start : start + RECORD_SIZE])
    assert decoder.n_damaged == RECORD_SIZE * 8


def test_torn_tail_is_counted_by_read_log_and_awaited_by_a_tail(dat: Path) -> None:
    record = scalar("loss", 2)
    dat.write_bytes(HEADER + LOSS + losses([1]) + record[:20])
    log = read_log(dat)
    assert (log["loss"].step.tolist(), log.n_skipped) == ([1], 1)
    assert log.size_bytes == 3 * RECORD_SIZE
    log_tail = LogTail(dat)
    assert steps_of(log_tail.read()) == [1]
    append(dat, record[20:])
    assert steps_of(log_tail.read()) == [2]
    assert log_tail.n_skipped == 0


@pytest.mark.parametrize(
    "header", [bytes(32), b"\xff" * 32, b"{" + HEADER[1:], HEADER[:8] + bytes(24)]
)
def test_damaged_header_affects_only_the_header(dat: Path, header: bytes) -> None:
    dat.write_bytes(header + LOSS + losses([1, 2]))
    log = read_log(dat)
    assert (log["loss"].step.tolist(), log.n_skipped, log.created_at) == ([1, 2], 1, None)
    log_tail = LogTail(dat)
    assert steps_of(log_tail.read()) == [1, 2]
    assert log_tail.n_skipped == 1
    assert read_ending(dat).last_wall_time == 102.0


def test_damaged_header_and_long_damage_affect_only_themselves(dat: Path) -> None:
    dat.write_bytes(bytes(2 * CHUNK_BYTES) + LOSS + losses(range(2000)))
    assert len(read_log(dat)["loss"]) == 2000


@pytest.mark.parametrize(
    "data",
    [b"x", b"no log at all", b"\x7fELF" + bytes(1000), bytes(32), bytes(5000), os.urandom(9000)],
)
def test_other_file_is_refused_by_name(dat: Path, data: bytes) -> None:
    dat.write_bytes(data)
    for read in (read_log, read_ending, lambda path: LogTail(path).read()):
        with pytest.raises(LogFormatError, match=r"run\.dat is not a log: it has neither"):
            read(dat)


def test_random_file_of_megabytes_is_not_read_as_a_damaged_log(dat: Path) -> None:
    dat.write_bytes(Random(1).randbytes(8 << 20))
    with pytest.raises(LogFormatError):
        read_log(dat)


@pytest.mark.parametrize("size_bytes", range(RECORD_SIZE))
def test_file_shorter_than_its_header_is_an_empty_log(dat: Path, size_bytes: int) -> None:
    dat.write_bytes(HEADER[:size_bytes])
    log = read_log(dat)
    assert (dict(log), log.n_skipped) == ({}, int(size_bytes > 0))
    log_tail = LogTail(dat)
    assert log_tail.read().offset == 0
    append(dat, HEADER[size_bytes:] + LOSS + losses([1]))
    batch = log_tail.read()
    assert (steps_of(batch), batch.was_reset) == ([1], False)


def test_newer_version_is_refused_by_all_readers(dat: Path) -> None:
    dat.write_bytes(encode_header(1.0, version=2) + LOSS + losses([1]))
    for read in (read_log, read_ending, lambda path: LogTail(path).read()):
        with pytest.raises(LogFormatError, match=r"run\.dat has format version 2"):
            read(dat)
