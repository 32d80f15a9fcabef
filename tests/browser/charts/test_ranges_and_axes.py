"""What of a chart's values is in its range, and how its axes are labelled."""

import sys
from typing import Any

import pytest
from modules import call, evaluate
from playwright.sync_api import Page

STEP_VIEW = {"smoothing": 0, "x": "step", "isLogX": False, "isLogY": False}


def curve(page: Page, run: dict[str, Any], columns: dict[str, Any], **view: Any) -> Any:
    run = {"id": "a", "name": "a", "color": 0, "started_at": None, **run}
    return call(page, "charts/data/curves", "curveOf", run, columns, {**STEP_VIEW, **view})


def test_logarithmic_time_has_units_of_time(modules: Page) -> None:
    assert call(modules, "charts/drawing/ticks", "logSpans", 0.5, 300_000) == [
        1,
        10,
        60,
        600,
        3600,
        21_600,
        86_400,
    ]
    assert call(modules, "charts/drawing/ticks", "logSpans", 100, 300) == [100, 150, 200, 250, 300]


def test_log_axes_leave_out_what_they_have_no_place_for(modules: Page) -> None:
    columns = {"step": [-1, 0, 1, 2], "wall_time": [0, 1, 2, 3], "value": [5.0, 5.0, -1.0, 2.0]}
    found = curve(modules, {}, columns, isLogX=True, isLogY=True)
    assert found["x"] == [1, 2]
    assert found["y"] == [None, 2]
    assert found["nBelow"] == 1


def test_outliers_leave_the_range_and_are_counted(modules: Page) -> None:
    steps = list(range(200))
    values: list[float | None] = [float(step % 10) for step in steps]
    values[50], values[51], values[60] = 1e6, None, -1e6
    curves = [{"x": steps, "y": values, "low": None, "high": None}]
    low, high = call(
        modules,
        "charts/drawing/ranges",
        "yRange",
        curves,
        [0, 199],
        {"isLogY": False, "outliers": 0.01},
    )
    assert -1 < low < 0
    assert 9 < high < 10
    assert call(
        modules, "charts/drawing/ranges", "countOutside", curves, [0, 199], [low, high]
    ) == {
        "above": 1,
        "below": 1,
    }
    whole = call(
        modules,
        "charts/drawing/ranges",
        "yRange",
        curves,
        [0, 199],
        {"isLogY": False, "outliers": 0},
    )
    assert whole[0] < -1e6
    assert whole[1] > 1e6
    part = call(
        modules,
        "charts/drawing/ranges",
        "yRange",
        curves,
        [100, 120],
        {"isLogY": False, "outliers": 0},
    )
    assert part == [pytest.approx(-0.54), pytest.approx(9.54)]


def test_marks_of_outliers_are_complete_and_cover_logged_lines(
    modules: Page,
) -> None:
    script = """
        const { gapsOf, outsideOf } = await import("/static/charts/drawing/draw.js");
        const { countOutside } = await import("/static/charts/drawing/ranges.js");
        const same = (value) => value;
        const geometry = { left: 0, top: 0, width: 100, height: 50, toX: same, toY: same,
          x: { min: 0, max: 100 }, y: { min: -2, max: -1 } };
        const x = [-40, 0, 30, 60, 100];
        const curve = { x, y: [5, 5, -1.5, null, -9], raw: [5, 5, 7, null, -1.5] };
        const group = { x, value: [1, 1, 1, 1, 1], nNan: [0, 2, 0, 0, 0] };
        const mean = Array(5).fill(-1.5); // of which the band alone reaches beyond the edges
        const [high, low] = [[9, -1.2, -0.5, null, 3], [-9, -1.8, -2.5, null, -1.6]];
        const banded = { x, y: mean, high, low };
        return [outsideOf(curve, geometry, 4).map(({ x, direction }) => [x, direction]),
          countOutside([curve], [0, 100], [-2, -1]), gapsOf(group, geometry, 6),
          outsideOf(banded, geometry, 4).map(({ x, direction }) => [x, direction]),
          countOutside([banded], [0, 100], [-2, -1])];
    """
    assert evaluate(modules, script) == [
        [[4, -1], [30, -1], [96, 1]],
        {"above": 2, "below": 1},
        [3],
        [[30, -1], [96, -1], [30, 1]],
        {"above": 2, "below": 1},
    ]


def test_times_on_an_axis_are_short(modules: Page) -> None:
    seconds = [0, 0.0015, 0.005, 30, 90, 3600, 5400, 90_000]
    found = [call(modules, "lib/format", "formatSpan", one) for one in seconds]
    assert found == ["0 s", "0.0015 s", "0.005 s", "30 s", "1 m 30 s", "1 h", "1 h 30 m", "1 d 1 h"]


@pytest.mark.parametrize(
    ("values", "is_log", "expected", "labels"),
    [
        ([0.3, 0.1 + 0.2], False, [0.264, 0.336], ["0.28", "0.30", "0.32"]),
        ([0.7, 0.7 + 1.2e-15], False, [0.616, 0.784], ["0.65", "0.70", "0.75"]),
        ([0.3, 0.1 + 0.2], True, [0.3 / 2.2, 0.66], ["0.2", "0.4", "0.6"]),
        ([-5e-324, 5e-324], False, [-1.2, 1.2], ["−1.0", "−0.5", "0", "0.5", "1.0"]),
        (
            [2e-20, 4e-20],
            False,
            [1.88e-20, 4.12e-20],
            ["2e-20", "2.5e-20", "3e-20", "3.5e-20", "4e-20"],
        ),
        (
            [-1e308, 1e308],
            False,
            [-1.12e308, 1.12e308],
            ["−1e308", "−5e307", "0", "5e307", "1e308"],
        ),
        ([1e300, 1.7e308], True, [1e300 / 1.1, sys.float_info.max], None),
    ],
)
def test_any_values_have_a_readable_range(
    modules: Page, values: list[float], is_log: bool, expected: Any, labels: list[str] | None
) -> None:
    script = """
        const [values, isLogY] = given;
        const { placer, yRange } = await import("/static/charts/drawing/ranges.js");
        const ticks_js = "/static/charts/drawing/ticks.js";
        const { linearTicks, logLabels, logTicks } = await import(ticks_js);
        const { formatTicks } = await import("/static/lib/format.js");
        const curves = [{ x: [0, 1], y: values, raw: null, low: null, high: null }];
        const range = yRange(curves, [0, 1], { isLogY, outliers: 0 });
        const ticks = isLogY ? logTicks(...range) : linearTicks(...range, 5.5);
        const places = [...values, ...ticks].map(placer(range, isLogY));
        const isInside = places.every((place) => place > -1e-9 && place < 1 + 1e-9);
        return [range, (isLogY ? logLabels : formatTicks)(ticks), isInside];
    """
    found, written, is_inside = evaluate(modules, script, [values, is_log])
    assert found == [pytest.approx(end, rel=1e-9) for end in expected]
    assert is_inside
    assert written == (labels or written)
    assert len(written) == len(set(written)) > 1


def test_x_has_as_many_digits_as_needed_to_distinguish_values(modules: Page) -> None:
    def shown(x: list[float], **view: Any) -> Any:
        view = {"zoom": None, "isLogX": False, **view}
        return call(modules, "charts/drawing/ranges", "shownX", [{"x": x}], view)

    assert shown([0, 9]) == [0, 9]
    assert shown([0, 9], zoom=[2, 3]) == [2, 3]
    assert [float(end) for end in shown([2**60])] == [2**60 - 2**11, 2**60 + 2**11]
    assert shown([0, 9], zoom=[2, 2 + 1e-15]) == [pytest.approx(2), pytest.approx(2)]
    low, high = shown([0, 9], zoom=[2, 2 + 1e-15])
    assert high - low == pytest.approx(1e-6)
    assert shown([0, 9], zoom=[-1e308, 1e308]) == [-1e19, 1e19]
    assert shown([1, 9], zoom=[-5, 4], isLogX=True) == [1, 4]
    found = call(modules, "charts/drawing/ticks", "ticksApart", 2**60 - 2**11, 2**60 + 2**11, 2000)
    assert len(found) == 2
    assert [round(one / 2**60, 9) for one in found] == [1, 1]
    assert 0 < len(call(modules, "charts/drawing/ticks", "ticksApart", 2**60, 2**60 + 256, 1)) <= 3
    assert call(modules, "charts/data/view", "writeRange", [2**60, 2**60 + 256]) == (
        "1152921504606847000..1152921504606847200"
    )


def test_labels_do_not_run_into_one_another(modules: Page) -> None:
    def shown(labels: list[str], places: list[float], width: float) -> Any:
        return call(modules, "charts/drawing/ticks", "withoutOverlap", labels, places, width)

    spans = ["0.002 s", "0.004 s", "0.006 s", "0.008 s"]
    assert shown(spans, [40, 160, 220, 258], 300) == [*spans[:3], ""]
    assert shown(["0", "10"], [4, 196], 200) == ["0", "10"]
    assert shown(["1 152 921", "1 152 922"], [3, 50], 60) == ["", "1 152 922"]
    assert shown([], [], 60) == []


def test_metric_on_the_x_axis_is_taken_at_the_steps_of_the_values(modules: Page) -> None:
    across = {"step": [0, 10, 20], "value": [0.0, 1.0, None]}
    places = call(modules, "charts/data/curves", "valuesAt", across, [-1, 0, 5, 10, 15, 20, 21])
    assert places == [None, 0, 0.5, 1, None, None, None]


def test_curve_over_a_metric_omits_values_without_x(modules: Page) -> None:
    columns = {"step": [0, 5, 30], "wall_time": [0, 1, 2], "value": [7.0, 8.0, 9.0]}
    across = {"step": [0, 10], "value": [2.0, 0.0]}
    run = {"id": "a", "name": "a", "color": 0, "started_at": None}
    view = {**STEP_VIEW, "x": "metric", "xMetric": "epoch"}
    found = call(modules, "charts/data/curves", "curveOf", run, columns, view, across)
    assert (found["x"], found["y"], found["step"]) == ([1, 2], [8, 7], [5, 0])
