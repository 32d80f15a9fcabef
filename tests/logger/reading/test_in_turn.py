"""Metrics that are logged in turn are read without sorting them: the result is the same."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.logger.reading.columns import Decoder
from ml_tracking_ops.logger.records import (
    RECORD_SIZE,
    encode_end_record,
    encode_header,
    encode_name,
    encode_scalar,
    metric_id,
)

NAMES = ("a", "b", "c")


def scalars(order: list[int]) -> bytes:
    """Write a value for each named metric, by its position in `NAMES`. Steps count the values."""
    return b"".join(
        encode_scalar(metric_id(NAMES[metric]), step, 1.0 + step, step / 7)
        for step, metric in enumerate(order)
    )


orders = st.lists(st.integers(0, 2), max_size=40) | st.builds(
    lambda turn, n, more: (turn * (n + 1))[: len(turn) * n + more],
    st.permutations([0, 1, 2]).map(list) | st.just([0]) | st.just([1, 2]),
    st.integers(1, 20),
    st.integers(0, 2),
)


@given(orders, st.integers(1, 30))
def test_values_are_those_of_each_metric_in_order(order: list[int], n_at_once: int) -> None:
    data, decoder = scalars(order), Decoder()
    for start in range(0, len(data), n_at_once * RECORD_SIZE):
        decoder.feed(data[start : start + n_at_once * RECORD_SIZE], len(data) - start)
    columns = decoder.finish()
    for metric, name in enumerate(NAMES):
        steps = [step for step, one in enumerate(order) if one == metric]
        assert (metric_id(name) in columns.ranges) == bool(steps)
        if steps:
            found = columns.of(metric_id(name))
            assert found.step.tolist() == steps
            assert found.wall_time.tolist() == [1.0 + step for step in steps]
            assert np.array_equal(found.value, np.array(steps) / 7)


@given(
    st.lists(st.sampled_from(["name", "end", "damaged"]), max_size=3),
    st.lists(st.integers(0, 9), min_size=3, max_size=3),
)
def test_other_records_in_between_cost_nothing(others: list[str], places: list[int]) -> None:
    records = [scalars([0, 1, 2] * 3)[at : at + RECORD_SIZE] for at in range(0, 288, RECORD_SIZE)]
    made = {
        "name": encode_name(metric_id("d"), "d"),
        "end": encode_end_record(1.0, 0),
        "damaged": bytes(RECORD_SIZE),
    }
    for other, place in zip(others, places, strict=False):
        records.insert(place, made[other])
    decoder = Decoder()
    decoder.feed(b"".join(records), 0)
    columns = decoder.finish()
    assert [columns.of(metric_id(name)).step.tolist() for name in NAMES] == [
        [0, 3, 6],
        [1, 4, 7],
        [2, 5, 8],
    ]
    assert decoder.n_damaged == others.count("damaged")


def test_log_of_several_pieces_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "run.dat"
    names = b"".join(encode_name(metric_id(name), name) for name in NAMES)
    path.write_bytes(encode_header(1.0) + names + scalars([0, 1, 2] * 12_000))
    log = read_log(path)
    for metric, name in enumerate(NAMES):
        assert log[name].step.tolist() == list(range(metric, 36_000, 3))
        assert np.array_equal(log[name].value, log[name].step / 7)
