"""Series as bytes, read by a reader of the test as the script of a page does."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml_tracking_ops.web.series.packing import PackedRun, pack
from ml_tracking_ops.web.series.thinning import Points, sort_by_step


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    size = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + size])
    offset, columns = -(-(4 + size) // 8) * 8, {}
    for name, kind, length in header["columns"]:
        columns[name] = np.frombuffer(data, f"<{kind}", length, offset)
        offset = -(-(offset + columns[name].nbytes) // 8) * 8
    assert offset == len(data)
    return header, columns


def numbers(columns: dict[str, np.ndarray], name: str, lengths: list[int]) -> list[list[float]]:
    """A column, one list for each series."""
    first = columns.get(f"0.first_{name}")
    found, at = [], 0
    for index, length in enumerate(lengths):
        if first is None:
            found.append(columns[f"0.{name}"][at : at + length].tolist())
            at += length
            continue
        part = columns[f"0.{name}"][at : at + length - 1].astype(float)
        at += length - 1
        found.append(np.cumsum(np.concatenate((first[index : index + 1], part))).tolist())
    return found


def points(step: Any, wall_time: Any, value: Any) -> Points:
    return Points(np.array(step, np.int64), np.array(wall_time, float), np.array(value, float))


def packed(*series: Points) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    runs = [
        PackedRun(f"r{index}", 64, ("loss",), {"loss": one}, {"loss": len(one)})
        for index, one in enumerate(series)
    ]
    return unpack(pack(runs, ["loss"]))


floats = st.floats(allow_nan=True, allow_infinity=True)
logged = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300),
        floats | st.floats(1.7e9, 1.8e9),
        floats | st.floats(-10, 10),
    ),
    min_size=1,
    max_size=30,
).map(lambda rows: sort_by_step(points(*zip(*rows, strict=True))))


@example([points([0], [0.0], [9.868236191050385e-46])])
@given(st.lists(logged, min_size=1, max_size=4))
def test_packed_columns_equal_the_logged_values(series: list[Points]) -> None:
    _, columns = packed(*series)
    lengths = [len(one) for one in series]
    assert columns["length"].tolist() == lengths
    for one, steps, milliseconds in zip(
        series,
        numbers(columns, "step", lengths),
        numbers(columns, "wall_time", lengths),
        strict=True,
    ):
        assert steps == one.step.astype(float).tolist()
        sane = np.where(np.abs(one.wall_time) < 1e15, one.wall_time, 0)
        np.testing.assert_allclose(milliseconds, np.round(sane * 1000), rtol=1e-15)
    values = np.concatenate([one.value for one in series])
    found = columns["0.value"].astype(float)
    is_finite = np.isfinite(values)
    assert np.isnan(found[~is_finite]).all()
    np.testing.assert_allclose(found[is_finite], values[is_finite], rtol=1e-7)
    for one in series:  # to be seen apart on a screen
        finite = one.value[np.isfinite(one.value)]
        if len(finite) and np.ptp(finite / 2):
            part = found[: len(one)][np.isfinite(one.value)]
            assert np.abs(part / 2 - finite / 2).max() <= 2e-4 * np.ptp(finite / 2)
        found = found[len(one) :]


@pytest.mark.parametrize(
    ("steps", "kind"),
    [([5], "i1"), ([0, 1, 2], "i1"), ([0, 200], "i2"), ([0, 10**6], "i4"), ([0, 2**40], "f8")],
)
def test_differences_are_as_narrow_as_they_fit(steps: list[int], kind: str) -> None:
    _, columns = packed(points(steps, steps, steps))
    assert columns["0.step"].dtype == np.dtype(f"<{kind}")
    assert columns["0.value"].dtype == np.dtype("<f4")


@pytest.mark.parametrize("value", [[1e9, 1e9 + 1], [1e300, 0.0], [1e-60, 0.0], [1.0, 1e-50, 2.0]])
def test_values_keep_64_bits_where_32_would_not_show_them(value: list[float]) -> None:
    _, columns = packed(points(range(len(value)), range(len(value)), value))
    assert columns["0.value"].tolist() == value


def test_runs_without_a_metric_have_no_points_of_it() -> None:
    one = points([1, 2], [1, 2], [0.5, 0.25])
    runs = [
        PackedRun("a", 64, ("loss", "x\u2028<"), {"loss": one}, {"loss": 7}),
        PackedRun("b", 96, (), {}, {}),
        PackedRun("c", 128, ("x\u2028<", "y"), {"x\u2028<": one}, {"x\u2028<": 2}),
    ]
    header, columns = unpack(pack(runs, ["loss", "x\u2028<"]))
    assert header["runs"] == ["a", "b", "c"]
    assert header["names"] == ["loss", "x\u2028<", "y"]
    assert header["names_of"] == [[0, 1], [], [1, 2]]
    assert columns["cursor"].tolist() == [64, 96, 128]
    assert columns["length"].tolist() == [2, 0, 0, 0, 0, 2]
    assert columns["count"].tolist() == [7, 0, 0, 0, 0, 2]
