"""Numbers and times as people read them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.web.runs.formats import (
    format_age,
    format_ago,
    format_duration,
    format_mean,
    format_number,
    whole_percents,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.0, "1"),
        (-3, "−3"),
        (0.1 + 0.2, "0.3"),
        (2 / 3, "0.66667"),
        (123.456789, "123.46"),
        (1e-5, "1e-5"),
        (0.00012345678, "0.00012346"),
        (1234567.0, "1.235e6"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        ("adam", "adam"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_number_has_the_digits_it_needs(value: object, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("parts", "percents"),
    [([1, 1, 1], [34, 33, 33]), ([49.6, 26.5, 23.9], [50, 26, 24]), ([5], [100]), ([0.0], [0])],
)
def test_whole_percents_add_up(parts: list[float], percents: list[int]) -> None:
    assert whole_percents(parts) == percents


@given(st.floats(-1e300, 1e300))
def test_number_reads_back_as_nearly_the_same(value: float) -> None:
    text = format_number(value)
    assert len(text) <= 12
    assert float(text.replace("−", "-")) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (9.97, "10 s"), (185, "3 m 05 s"), (7834, "2 h 10 m"), (400000, "4 d 15 h")],
)
def test_duration_has_two_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_time_since_gets_coarser() -> None:
    assert [format_ago(0.0, now) for now in (5, 65, 7300, 200_000)] == [
        "just now",
        "1 min ago",
        "2 h ago",
        "2 d ago",
    ]
    assert [format_age(0.0, now) for now in (5, 65)] == ["now", "1 min"]
    day, noon = 86_400, datetime(2026, 11, 20, 12).astimezone().timestamp()
    assert [format_age(noon, noon + n * day) for n in (6, 9, 60)] == ["6 d", "20 Nov", "Nov 2026"]


def test_mean_has_as_many_decimals_as_two_digits_of_its_deviation() -> None:
    assert format_mean(0.94567, 0.01234) == "0.946 ± 0.012"
    assert format_mean(-0.94567, 0.1) == "−0.95 ± 0.10"
    assert format_mean(123.4, 25.0) == "123 ± 25"
    assert format_mean(1234.5, 123.4) == "1230 ± 120"
    assert format_mean(0.94567, 0.00996) == "0.946 ± 0.010"
    assert format_mean(0.5, 0.0) == "0.5 ± 0"
    assert format_mean(0.5, None) == "0.5"
    assert format_mean(float("inf"), 2e9) == "∞ ± 2e9"
