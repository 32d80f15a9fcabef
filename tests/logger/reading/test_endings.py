"""How a run ended, as its log says."""

from pathlib import Path

import pytest
from log_bytes import END, FAILED_END, HEADER, LOSS, losses

from ml_tracking_ops.logger.reading.reader import (
    Ending,
    LogTail,
    read_ending,
    read_log,
)
from ml_tracking_ops.logger.records import (
    encode_name,
)


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


def test_ending_has_the_start_and_the_last_sign_of_life(dat: Path) -> None:
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
