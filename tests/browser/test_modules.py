"""The pure modules of the page's script, in the browser that runs them."""

import random
from typing import Any

import numpy as np
import pytest
from modules import call, evaluate
from playwright.sync_api import Page

from ml_tracking_ops.web.runs import formats
from ml_tracking_ops.web.series.packing import PackedRun, pack
from ml_tracking_ops.web.series.thinning import Points

NUMBERS = [
    0,
    1,
    -1,
    7,
    42,
    123456,
    999999,
    1000000,
    -1000000,
    0.1,
    0.5,
    1 / 3,
    -2 / 3,
    0.91234567,
    123.456789,
    99999.5,
    1e-3,
    1.5e-4,
    9.87654e-5,
    1e-5,
    -1.23456e-9,
    1e100,
    5e-324,
    12345.6789,
    0.30000000000000004,
    1234567.891,
]


DURATIONS = [0, 0.04, 0.4, 9.94, 9.96, 12.2, 59.4, 60, 185, 3599, 3600, 7834, 86399, 86400, 400000]


STEPS = [0, 7, 999, 1000, 12345, 1234567, -1500]


def test_numbers_look_the_same_from_the_server_and_from_the_script(modules: Page) -> None:
    for value in NUMBERS:
        assert call(modules, "lib/format", "formatNumber", value) == formats.format_number(value)
    for value in DURATIONS:
        assert call(modules, "lib/format", "formatDuration", value) == formats.format_duration(
            value
        )
    for count in (0, 999, 5000, 1234567):
        assert call(modules, "lib/format", "counted", count) == formats.format_count(count)
    for value in STEPS:
        assert call(modules, "lib/format", "formatStep", value) == formats.format_step(value)


def test_band_is_remembered_for_groups_and_is_in_no_address_without_them(
    modules: Page,
) -> None:
    script = """
        const view = await import("/static/charts/data/view.js");
        const { remember, rememberedBand, rememberedParams } = view;
        const found = [];
        for (const address of ["group=p.lr&band=minmax&x=wall", "x=relative", "group=p.lr"]) {
            remember(new URLSearchParams(address));
            const { band = null, x } = rememberedParams();
            found.push([rememberedBand(), band, x]);
        }
        return found;
    """
    assert evaluate(modules, script) == [
        ["minmax", None, ["wall"]],
        ["minmax", None, ["relative"]],
        [None, None, []],
    ]


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.50", "0.75", "1.00"]),
        ([0, 500000, 1000000, 1500000], ["0", "500k", "1M", "1.5M"]),
        ([-0.2, -0.1, 0], ["−0.2", "−0.1", "0"]),
        ([0, 2e-5, 4e-5], ["0", "2e-5", "4e-5"]),
        ([0, 200000, 400000], ["0", "200\u2009000", "400\u2009000"]),
        ([1000.5, 1001, 1001.5], ["1\u2009000.5", "1\u2009001.0", "1\u2009001.5"]),
        ([1_000_000, 1_000_010, 1_000_020], ["1M", "1.00001M", "1.00002M"]),
        ([2e-5, 2.002e-5, 2.004e-5], ["2e-5", "2.002e-5", "2.004e-5"]),
        ([0.7, 0.7 + 5e-12, 0.7 + 1e-11], ["0.7", "+5e-12", "+1e-11"]),
        ([1e9 - 0.005, 1e9, 1e9 + 0.005], ["−0.005", "1G", "+0.005"]),
        ([-1e308, 0, 1e308], ["−1e308", "0", "1e308"]),
        ([0.12345678, 0.12345679], ["0.12345678", "+1e-8"]),
    ],
)
def test_ticks_have_the_digits_they_need(
    modules: Page, ticks: list[float], labels: list[str]
) -> None:
    assert call(modules, "lib/format", "formatTicks", ticks) == labels


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (2.3e-5, 0.31, ["0.0001", "0.001", "0.01", "0.1"]),
        (0.03, 0.25399, ["0.05", "0.1", "0.2"]),
        (0.25399, 0.31, ["0.26", "0.28", "0.30"]),
        (1e-9, 1e9, ["1e-9", "1e-6", "0.001", "1", "1\u2009000", "1M", "1G"]),
        (3.0, 3.0, ["3"]),
    ],
)
def test_log_axis_has_few_round_labels(
    modules: Page, low: float, high: float, labels: list[str]
) -> None:
    ticks = call(modules, "charts/drawing/ticks", "logTicks", low, high)
    assert call(modules, "charts/drawing/ticks", "logLabels", ticks) == labels


@pytest.mark.parametrize(
    ("address", "search", "expected"),
    [
        ("/sweeps/s?page=2", "?page=1&hide=a&hide=b", "/sweeps/s?page=2&hide=a&hide=b"),
        (
            "/sweeps/s?page=2&smoothing=0.1&hide=c",
            "?smoothing=0.6",
            "/sweeps/s?page=2&smoothing=0.6",
        ),
        ("/experiments", "?q=vit&run=x", "/experiments"),
        ("/experiments?run=b", "", "/experiments?run=b"),
    ],
)
def test_link_to_the_same_page_carries_what_the_charts_show(
    modules: Page, address: str, search: str, expected: str
) -> None:
    assert call(modules, "lib/address", "carried", address, search) == expected


def test_pages_that_differ_in_their_charts_alone_are_one_to_the_server(modules: Page) -> None:
    for address, served in (
        ("/sweeps/s?zoom=1..2&page=2&solo=a", "/sweeps/s?page=2"),
        ("/sweeps/s?metric=a%2Fb&tags=a", "/sweeps/s?metric=a%2Fb"),
        ("/experiments?pin=a", "/experiments"),
    ):
        assert call(modules, "lib/address", "servedAddress", address) == served


def columns(points: dict[int, float]) -> dict[str, list[Any]]:
    steps = sorted(points)
    return {"step": steps, "wall_time": steps, "value": [points[step] for step in steps]}


def test_points_in_any_order_end_up_by_step_and_the_last_written_wins(modules: Page) -> None:
    generator = random.Random(1)
    for _ in range(50):
        expected: dict[int, float] = {}
        batches = []
        for _ in range(4):
            batch = [(generator.randrange(12), generator.random()) for _ in range(5)]
            expected.update(batch)
            steps, values = [step for step, _ in batch], [value for _, value in batch]
            batches.append({"step": steps, "wall_time": steps, "value": values})
        found = modules.evaluate(
            """async (batches) => {
                const columns_js = "/static/charts/data/columns.js";
                const { appendPoints, emptyColumns } = await import(columns_js);
                const columns = emptyColumns();
                const counts = batches.map((batch) => appendPoints(columns, batch));
                const { repeated, ...last } = columns;
                return [last, counts.reduce((a, b) => a + b), repeated?.count ?? 0];
            }""",
            batches,
        )
        n_repeated = sum(len(batch["step"]) for batch in batches) - len(expected)
        assert found == [columns(expected), len(expected), n_repeated]


def test_repeated_steps_are_all_drawn_over_time_and_counted_over_steps(modules: Page) -> None:
    given = {
        "step": [0, 1],
        "wall_time": [2e9 + 3, 2e9 + 4],
        "value": [0.5, 0.6],
        "repeated": {"step": [0, 1], "wall_time": [2e9, 2e9 + 1], "value": [0.1, 0.9], "count": 2},
    }
    run = {"id": "a", "name": "a", "color": 0, "started_at": 2e9}
    for axis, values, n_left_out in (
        ("step", [0.5, 0.6], 2),
        ("relative", [0.1, 0.9, 0.5, 0.6], 0),
        ("wall", [0.1, 0.9, 0.5, 0.6], 0),
    ):
        view = {"x": axis, "smoothing": 0, "isLogX": False, "isLogY": False}
        curve = call(modules, "charts/data/curves", "curveOf", run, given, view)
        assert (curve["y"], curve["nRepeated"]) == (values, n_left_out)


def test_thinning_keeps_the_ends_the_extremes_and_gaps(modules: Page) -> None:
    values: list[float | None] = [float((step * 7919) % 1009) for step in range(5000)]
    values[1234], values[2345], values[3456] = 1e6, -1e6, None
    steps = list(range(5000))
    given = {"step": steps, "wall_time": steps, "value": values}
    thinned = call(modules, "charts/data/columns", "thin", given, 500)
    assert len(thinned["step"]) <= 1010
    assert {0, 1234, 2345, 3456, 4999} <= set(thinned["step"])
    assert thinned["step"] == sorted(set(thinned["step"]))


def test_smoothing_is_debiased_and_leaves_gaps(modules: Page) -> None:
    assert call(modules, "charts/data/columns", "smooth", [3, 3, None, 3], 0.9) == [
        pytest.approx(3),
        pytest.approx(3),
        None,
        pytest.approx(3),
    ]
    assert call(modules, "charts/data/columns", "smooth", [0, 1], 0.5) == [0, pytest.approx(2 / 3)]


@pytest.mark.parametrize(
    ("search", "drawn"),
    [("", "abc"), ("?hide=a&hide=x", "bc"), ("?solo=b&hide=b", "b"), ("?group=lr&hide=a", "abc")],
)
def test_export_of_series_leaves_out_what_is_hidden(modules: Page, search: str, drawn: str) -> None:
    assert call(modules, "page/menus", "drawnRuns", list("abc"), search) == list(drawn)


def test_packed_series_come_out_as_they_went_in(modules: Page) -> None:
    curve = Points(np.arange(0, 600, 2), 1.7e9 + np.arange(300) / 8, np.sin(np.arange(300.0)))
    odd = Points(
        np.array([-7, 2**40, 2**52]), np.array([0, 1e12, 5.25]), np.array([np.inf, 1e300, np.nan])
    )
    one = PackedRun(
        "<a>",
        64,
        ("loss", "__proto__"),
        {"loss": curve, "__proto__": odd},
        {"loss": 1000, "__proto__": 3},
        abandoned={"loss": odd},
        repeated={"loss": (odd, 7)},
    )
    other = PackedRun("b", 2**40, ("loss",), {"loss": curve}, {"loss": 300})
    data = pack([one, other], ["loss", "__proto__", "none"])
    found = modules.evaluate(
        """async (bytes) => {
          const { unpackSeries } = await import("/static/charts/data/packing.js");
          const { metrics, runs } = unpackSeries(new Uint8Array(bytes).buffer);
          return [metrics, [...runs].map(([id, run]) => [id, { ...run, series: [...run.series] }])];
        }""",
        list(data),
    )
    loss = {
        "step": curve.step.tolist(),
        "wall_time": curve.wall_time.tolist(),
        "value": curve.value.astype("<f4").tolist(),
    }
    none = {"abandoned": None, "repeated": None}
    proto = {"step": odd.step.tolist(), "wall_time": [0, 1e12, 5.25], "value": [None, 1e300, None]}
    assert found == [
        ["loss", "__proto__", "none"],
        [
            [
                "<a>",
                {
                    "cursor": 64,
                    "names": ["loss", "__proto__"],
                    "nLeftOut": 0,
                    "series": [
                        [
                            "loss",
                            {
                                **loss,
                                "count": 1000,
                                "isThinned": True,
                                "abandoned": proto,
                                "repeated": {**proto, "count": 7},
                            },
                        ],
                        ["__proto__", {**proto, "count": 3, "isThinned": False, **none}],
                    ],
                },
            ],
            [
                "b",
                {
                    "cursor": 2**40,
                    "names": ["loss"],
                    "nLeftOut": 0,
                    "series": [
                        ["loss", {**loss, "count": 300, "isThinned": False, **none}],
                    ],
                },
            ],
        ],
    ]


def test_abandoned_values_are_a_separate_line(modules: Page) -> None:
    columns = {
        "step": [0, 10, 15],
        "wall_time": [1e9, 1e9 + 1, 1e9 + 5],
        "value": [1.0, 2.0, 3.0],
        "abandoned": {"step": [20, 30], "wall_time": [1e9 + 2, 1e9 + 3], "value": [9.0, -1.0]},
    }
    run = {"id": "a", "name": "a", "color": 0, "started_at": 1e9}
    view = {"smoothing": 0, "x": "relative", "isLogX": False, "isLogY": True}
    curve = call(modules, "charts/data/curves", "curveOf", run, columns, view)
    assert curve["x"] == [0, 1, 5]
    assert curve["abandoned"] == {"x": [2, 3], "y": [9.0, None]}


def test_rows_are_requested_where_visible_then_in_scroll_direction(modules: Page) -> None:
    def wanted(*given: int) -> Any:
        return call(modules, "tables/row_pages", "wantedPages", *given)

    assert wanted(7, 8, 80, 1) == [7, 8, 9, 10, 11, 12, 6]
    assert wanted(7, 8, 80, -1) == [7, 8, 6, 5, 4, 3, 9]
    assert wanted(1, 1, 2, 0) == [1, 2]


@pytest.mark.parametrize(
    ("known", "most", "stretch"),
    [
        ([], 4, [7, 10]),
        ([7, 8], 4, [9, 12]),
        ([7, 8, 9], 2, [10, 11]),
        ([8, 9, 10, 11, 12], 4, [6, 7]),
        ([6, 7, 8, 9, 10, 11, 12], 4, None),
    ],
)
def test_adjacent_missing_rows_come_in_one_request(
    modules: Page, known: list[int], most: int, stretch: list[int] | None
) -> None:
    script = """const { missingStretch } = await import("/static/tables/row_pages.js");
      const [known, most] = given;
      return missingStretch([7, 8, 9, 10, 11, 12, 6], (page) => known.includes(page), most);"""
    assert evaluate(modules, script, [known, most]) == stretch
