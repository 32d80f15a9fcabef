"""The reading side: whole files, tails, endings; on sound, damaged and hostile files."""

import os
import socket
import struct
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.reading.checksums import are_intact, as_rows
from ml_tracking_ops.logger.reading.columns import CHUNK_BYTES, Decoder, Series
from ml_tracking_ops.logger.reading.reader import (
    Ending,
    LogFormatError,
    LogTail,
    RunLog,
    TailBatch,
    read_ending,
    read_log,
)
from ml_tracking_ops.logger.records import (
    RECORD_SIZE,
    encode_end,
    encode_header,
    encode_name,
    encode_scalar,
    metric_id,
)

Point = tuple[str, int, float]  # name, step, value

HEADER = encode_header(100.0)
LOSS = encode_name(metric_id("loss"), "loss")
END = encode_end(200.0, 0)
FAILED_END = encode_end(200.0, 1)


def scalar(name: str, step: int, value: float = 0.5) -> bytes:
    return encode_scalar(metric_id(name), step, 100.0 + step, value)


def losses(steps: Sequence[int]) -> bytes:
    return b"".join(scalar("loss", step) for step in steps)


def log_bytes(points: Sequence[Point]) -> bytes:
    """A whole file, each name declared before its first value."""
    pieces = [HEADER]
    declared = set()
    for name, step, value in points:
        if name not in declared:
            declared.add(name)
            pieces.append(encode_name(metric_id(name), name))
        pieces.append(scalar(name, step, value))
    return b"".join(pieces)


def points_of(series: Series) -> list[tuple[int, bytes]]:
    """Steps and values, comparable also where a value is NaN."""
    assert series.step.dtype == np.int64
    assert series.wall_time.dtype == series.value.dtype == np.float64
    assert series.step.shape == series.wall_time.shape == series.value.shape == (len(series),)
    return list(zip(series.step.tolist(), map(bits, series.value.tolist()), strict=True))


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def expected(points: Sequence[Point]) -> dict[str, list[tuple[int, bytes]]]:
    found: dict[str, list[tuple[int, bytes]]] = {}
    for name, step, value in points:
        found.setdefault(name, []).append((step, bits(value)))
    return found


def contents(log: RunLog) -> dict[str, list[tuple[int, bytes]]]:
    return {name: points_of(log[name]) for name in log}


def steps_of(batch: TailBatch, name: str = "loss") -> list[int]:
    return [int(step) for step in batch.series[name].step] if name in batch.series else []


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return tmp_path / "run.dat"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For property tests, which write the same file over and over."""
    return tmp_path_factory.mktemp("scratch") / "run.dat"


POINTS = st.lists(
    st.tuples(
        st.sampled_from(["loss", "accuracy", "a name that takes more than one part", "é"]),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
    ),
    max_size=120,
)


# --- whole files -------------------------------------------------------------------------------


@settings(deadline=None)
@given(POINTS)
def test_what_was_written_comes_back(scratch: Path, points: list[Point]) -> None:
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


def test_thousands_of_metrics_are_told_apart(dat: Path) -> None:
    points = [(f"metric {index}", step, index) for step in range(2) for index in range(6000)]
    dat.write_bytes(log_bytes(points))
    log = read_log(dat)
    assert len(log) == 6000
    assert contents(log) == expected(points)


def test_ids_that_share_their_low_bits_are_told_apart(dat: Path) -> None:
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


def test_folder_with_one_log_stands_for_it(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1]))
    (dat.parent / "run.log").touch()
    assert list(read_log(dat.parent)) == ["loss"]
    assert list(read_log(str(dat.parent))) == ["loss"]


def test_folder_without_a_log_or_with_several_is_refused(dat: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no \.dat file"):
        read_log(dat.parent)
    for name in ("a.dat", "b.dat"):
        (dat.parent / name).write_bytes(HEADER)
    with pytest.raises(ValueError, match=r"holds 2 \.dat files; .*a\.dat"):
        read_log(dat.parent)


# --- how a run ended ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "is_closed", "with_error"),
    [
        (b"", False, False),
        (LOSS + losses([1]), False, False),
        (LOSS + losses([1]) + END, True, False),
        (LOSS + losses([1]) + FAILED_END, True, True),
        (LOSS + losses([1]) + FAILED_END + END, True, True),
        (LOSS + losses([1]) + FAILED_END + losses([2]), False, False),
        (LOSS + losses([1]) + FAILED_END + losses([2]) + END, True, False),
        (LOSS + losses([1]) + FAILED_END + bytes(32) + END, True, True),
        (END + LOSS, False, False),
        (LOSS + losses(range(500)) + END + END, True, False),
        (LOSS + losses(range(500)) + END + losses(range(500)), False, False),
        (LOSS + losses(range(500)) + END + bytes(32 * 500), True, False),
    ],
)
def test_last_records_say_how_it_ended(
    dat: Path, records: bytes, is_closed: bool, with_error: bool
) -> None:
    dat.write_bytes(HEADER + records)
    log = read_log(dat)
    assert (log.is_closed, log.ended_with_error) == (is_closed, with_error)
    whole, piecewise = LogTail(dat), LogTail(dat)
    batches = [whole.read(), piecewise.read(max_bytes=96)]
    while batches[-1].has_more:
        batches[-1] = piecewise.read(max_bytes=96)
    for batch in batches:
        assert (batch.is_closed, batch.ended_with_error) == (is_closed, with_error)
    if not records.startswith(END):  # only what has a time is looked at: here the END
        ending = read_ending(dat)
        assert (ending.is_closed, ending.ended_with_error) == (is_closed, with_error)


def test_ending_tells_when_the_run_began_and_was_last_heard_of(dat: Path) -> None:
    dat.write_bytes(HEADER + LOSS + losses([1, 2, 7]) + encode_name(5, "late") + b"torn")
    assert read_ending(dat) == Ending(created_at=100.0, last_wall_time=107.0)
    dat.write_bytes(HEADER)
    assert read_ending(dat) == Ending(created_at=100.0)
    dat.write_bytes(b"")
    assert read_ending(dat) == Ending()


def test_ending_of_a_large_log_reads_little(dat: Path, read_sizes: list[int]) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(20_000)) + END)
    assert read_ending(dat).is_closed
    assert sum(read_sizes) < 10_000


# --- damage ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(POINTS, st.data())
def test_damage_costs_only_the_damaged_records(
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
def test_random_bytes_behind_a_header_cost_nothing_else(scratch: Path, junk: bytes) -> None:
    scratch.write_bytes(HEADER + LOSS + losses([1]) + junk)
    log = read_log(scratch)
    assert log["loss"].step.tolist() == [1]
    assert log.n_skipped == -(-len(junk) // RECORD_SIZE)


@pytest.mark.parametrize("n_records", [1, 5, 60, 5000])
def test_block_of_nul_bytes_costs_itself(dat: Path, n_records: int) -> None:
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
def test_damaged_header_costs_the_header(dat: Path, header: bytes) -> None:
    dat.write_bytes(header + LOSS + losses([1, 2]))
    log = read_log(dat)
    assert (log["loss"].step.tolist(), log.n_skipped, log.created_at) == ([1, 2], 1, None)
    log_tail = LogTail(dat)
    assert steps_of(log_tail.read()) == [1, 2]
    assert log_tail.n_skipped == 1
    assert read_ending(dat).last_wall_time == 102.0


def test_damaged_header_and_a_long_damaged_stretch_cost_themselves(dat: Path) -> None:
    dat.write_bytes(bytes(2 * CHUNK_BYTES) + LOSS + losses(range(2000)))
    assert len(read_log(dat)["loss"]) == 2000


@pytest.mark.parametrize(
    "data",
    [b"x", b"no log at all", b"\x7fELF" + bytes(1000), bytes(32), bytes(5000), os.urandom(9000)],
)
def test_file_that_is_no_log_is_refused_by_name(dat: Path, data: bytes) -> None:
    dat.write_bytes(data)
    for read in (read_log, read_ending, lambda path: LogTail(path).read()):
        with pytest.raises(LogFormatError, match=r"run\.dat is no log: it has neither"):
            read(dat)


def test_random_file_of_megabytes_is_not_taken_for_a_damaged_log(dat: Path) -> None:
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


# --- what is no file ---------------------------------------------------------------------------


def test_missing_file_and_dangling_link_are_not_found(dat: Path) -> None:
    for path in (dat, dat.parent / "no folder" / "run.dat"):
        for read in (read_log, read_ending):
            with pytest.raises(FileNotFoundError):
                read(path)
        batch = LogTail(path).read()
        assert (batch.series, batch.offset, batch.was_reset) == ({}, 0, False)
    dat.symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        read_log(dat)
    assert LogTail(dat).read().series == {}


def test_fifo_and_folder_and_device_are_refused_without_waiting(dat: Path) -> None:
    os.mkfifo(dat)
    folder = dat.parent / "folder.dat"
    folder.mkdir()
    for path in (dat, folder, Path("/dev/null")):
        with pytest.raises(LogFormatError, match="not a regular file"):
            LogTail(path).read()
        with pytest.raises(LogFormatError, match="not a regular file"):
            read_ending(path)
    for path in (dat, Path("/dev/null")):
        with pytest.raises(LogFormatError, match="not a regular file"):
            read_log(path)


def test_socket_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an address holds a short path only
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("run.dat")
        with pytest.raises(OSError, match="No such device"):
            read_log("run.dat")


def test_nothing_is_left_open(dat: Path, no_leaks: None) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(100)))
    with LogTail(dat) as log_tail:
        log_tail.read()
        read_log(dat)
        read_ending(dat)
        dat.write_bytes(b"garbage")
        for read in (read_log, read_ending, lambda _: log_tail.read()):
            with pytest.raises(LogFormatError):
                read(dat)


# --- tails -------------------------------------------------------------------------------------


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


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


def test_tail_goes_on_where_read_log_ended(dat: Path) -> None:
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


def test_tail_reads_the_new_bytes_whatever_the_size_of_the_file(
    dat: Path, read_sizes: list[int]
) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(50_000)))
    log_tail = LogTail(dat)
    log_tail.read()
    read_sizes.clear()
    for step in range(5):
        append(dat, losses([step]))
        assert steps_of(log_tail.read()) == [step]
    assert sum(read_sizes) == 5 * (RECORD_SIZE + RECORD_SIZE)  # the header each time


@pytest.mark.parametrize("make_other", ["truncate", "replace", "delete", "overwrite"])
def test_file_that_is_another_one_is_read_anew(dat: Path, make_other: str) -> None:
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


def test_reset_is_told_even_if_the_file_was_garbage_in_between(dat: Path) -> None:
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
def test_offset_that_no_tail_gave_starts_anew(dat: Path, offset: int) -> None:
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
