"""What the charts' modules decide, without a page: the view, curves, ranges, lists, sections."""

import sys
from typing import Any

import pytest
from modules import call, evaluate
from playwright.sync_api import Page

STEP_VIEW = {"smoothing": 0, "x": "step", "isLogX": False, "isLogY": False}


def curve(page: Page, run: dict[str, Any], columns: dict[str, Any], **view: Any) -> Any:
    run = {"id": "a", "name": "a", "color": 0, "started_at": None, **run}
    return call(page, "charts/data/curves", "curveOf", run, columns, {**STEP_VIEW, **view})


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", [0, "step", False, 0, None, []]),
        (
            "smoothing=0.6&x=relative&log=xy&outliers=5&zoom=-1.5..3e2&pin=a&pin=b",
            [0.6, "relative", True, 0.05, [-1.5, 300], ["a", "b"]],
        ),
        ("x=wall&log=xy", [0, "wall", False, 0, None, []]),
        ("smoothing=much&x=epoch&log=z&outliers=-3&zoom=3..1", [0, "step", False, 0, None, []]),
        ("smoothing=7&zoom=1..2..3&outliers=99", [0.999, "step", False, 0.25, None, []]),
    ],
)
def test_view_is_what_the_address_says_and_nothing_unknown(
    modules: Page, search: str, expected: list[Any]
) -> None:
    script = """
        const { readView } = await import("/static/charts/data/view.js");
        const view = readView(new URLSearchParams(given));
        return [view.smoothing, view.x, view.isLogX, view.outliers, view.zoom, view.pins];
    """
    assert evaluate(modules, script, search) == expected


def test_time_counts_from_the_start_of_the_run_and_goes_forward(modules: Page) -> None:
    # a training that went back to step 1 wrote it last
    columns = {"step": [0, 1, 2], "wall_time": [1e9, 1e9 + 9, 1e9 + 4], "value": [1.0, 2.0, 3.0]}
    found = curve(modules, {"started_at": 1e9 - 10}, columns, x="relative")
    assert found["x"] == [10, 14, 19]
    assert found["y"] == [1, 3, 2]
    assert found["step"] == [0, 2, 1]
    assert curve(modules, {"started_at": 2e9}, columns, x="relative")["x"] == [0, 4, 9]
    assert curve(modules, {}, columns, x="wall")["x"] == [1e9, 1e9 + 4, 1e9 + 9]
    columns = {"step": [0], "wall_time": [1e9 + 0.123], "value": [1.0]}
    assert curve(modules, {"started_at": 1e9 + 0.1228}, columns, x="relative")["x"] == [0]


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


def test_smoothed_curve_keeps_what_was_logged_behind_it(modules: Page) -> None:
    columns = {"step": [0, 1], "wall_time": [0, 1], "value": [0.0, 1.0]}
    found = curve(modules, {}, columns, smoothing=0.5)
    assert found["y"] == [0, pytest.approx(2 / 3)]
    assert found["raw"] == [0, 1]
    assert found["value"] == [0, 1]
    largest = {"step": list(range(9)), "wall_time": [0] * 9, "value": [sys.float_info.max] * 9}
    found = curve(modules, {}, largest, smoothing=0.9)
    assert found["y"] == [pytest.approx(sys.float_info.max)] * 9


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


def test_marks_of_what_lies_outside_are_whole_and_tell_of_the_lines_as_logged_too(
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


def test_list_is_sorted_around_the_curve_pointed_at_without_those_that_ended(
    modules: Page,
) -> None:
    curves = [{"id": str(n), "x": [0, 10, 20], "y": [n, n, n]} for n in range(30)]
    curves.append({"id": "short", "x": [0, 1, 2], "y": [99, 99, 99]})
    found = call(modules, "charts/drawing/pointer", "listAt", curves, 11, "20", 5)
    assert [one["curve"]["id"] for one in found["shown"]] == ["22", "21", "20", "19", "18"]
    assert (found["nAbove"], found["nBelow"]) == (7, 18)


@pytest.mark.parametrize(
    ("left", "others", "place"),
    [
        (320, [592, 864], {"left": 592, "width": 260}),  # over the neighbour, not over the sidebar
        (592, [320, 864], {"left": 864, "width": 260}),
        (864, [320, 592], {"left": 592, "width": 260}),
        (592, [320], {"left": 864, "width": 260}),  # nothing stands there
        (592, [864], {"left": 320, "width": 260}),
    ],
)
def test_list_stands_beside_the_chart_within_the_page(
    modules: Page, left: int, others: list[int], place: dict[str, int]
) -> None:
    room = {"left": 312, "right": 1132, "top": 0, "bottom": 3000}
    charts = [{"left": x, "right": x + 260, "top": 100, "bottom": 326} for x in (left, *others)]
    assert call(modules, "charts/value_list", "besideOf", charts[0], room, charts[1:]) == place
    alone = {**charts[0], "left": 320, "right": 1124}
    assert call(modules, "charts/value_list", "besideOf", alone, room, []) is None


def test_run_pointed_at_is_fetched_once_though_the_pointer_comes_back(modules: Page) -> None:
    script = """
        const { PointedDetail } = await import("/static/charts/pointing/pointed_detail.js");
        const asked = [];
        let shown = () => {};
        const load = async (id) => (asked.push(id), new Map([["loss", id]]));
        const pointed = new PointedDetail(load, (id) => shown(id));
        const rest = (id) => new Promise((done) => ((shown = done), pointed.point(id)));
        for (const id of ["a", "b", "a", "b"]) await rest(id);
        pointed.forget("a"); // it has logged more
        for (const id of ["a", "b"]) await rest(id);
        for (const id of ["c", "d", "e", "f", "g", "h", "i", "b", "a"]) await rest(id);
        return asked.join("");
    """
    assert evaluate(modules, script) == "abacdefghia"


def test_legend_says_how_many_more_there_are_and_shows_them(modules: Page) -> None:
    script = """
        const { showLegend } = await import("/static/charts/legend.js");
        const element = document.createElement("ul");
        document.body.append(element);
        const entries = Array.from({ length: 70 }, (_, i) => ({ id: `${i}`, name: `${i}` }));
        const view = { hidden: new Set(), solo: new Set() };
        const state = () => [element.querySelectorAll(".legend-item:not([hidden])").length,
          element.lastElementChild.textContent];
        showLegend(element, entries, view);
        const folded = state();
        const fewer = [];
        for (let n = 2; n <= folded[0] + 4; n++) {
          showLegend(element, entries.slice(0, n), view);
          fewer.push(n - state()[0]);
        }
        showLegend(element, entries, view);
        element.lastElementChild.firstElementChild.click();
        const open = state();
        showLegend(element, entries.slice(0, 2), view);
        element.remove();
        return { folded, fewer, open };
    """
    found = evaluate(modules, script)
    n_shown, more = found["folded"]
    assert 0 < n_shown < 10
    assert more == f"and {70 - n_shown} more"
    assert found["open"] == [70, "Show fewer"]
    assert 1 not in found["fewer"]  # the link would take the space of the only one it counts
    assert max(found["fewer"]) > 1


def test_metrics_stand_in_sections_pinned_ones_first(modules: Page) -> None:
    metrics = ["lr", "train/loss", "val/loss", "train/acc", "/odd"]
    found = call(modules, "charts/sections", "sectionsOf", metrics, ["val/loss", "gone"], None)
    assert [(one["title"], one["metrics"]) for one in found] == [
        ("Pinned", ["val/loss"]),
        ("Metrics", ["lr", "/odd"]),
        ("train", ["train/loss", "train/acc"]),
    ]
    assert "Unterminated group" in call(modules, "charts/sections", "parseFilter", "(")["reason"]


def test_many_sections_fold_at_once_and_leave_others_as_they_were(modules: Page) -> None:
    script = """
        const { params, setParams } = await import("/static/lib/address.js");
        const { SectionList } = await import("/static/charts/section_list.js");
        const parent = document.createElement("div");
        const list = new SectionList(parent);
        const chart = document.createElement("div");
        setParams({ fold: ["other"] });
        const show = (n) => {
          const sections = [..."abcdef"].slice(0, n).map((name) => ({ name, metrics: [] }));
          list.show(sections, new Set(params().getAll("fold")), () => chart);
          const bar = parent.querySelector(".charts-bar");
          return [bar.hidden, bar.textContent, params().getAll("fold").length];
        };
        const found = [show(5), show(6)];
        for (const _ of "12") parent.querySelector(".fold-all").click(), found.push(show(6));
        setParams({ fold: null });
        return found;
    """
    assert evaluate(modules, script) == [
        [True, "Fold all 5 sections", 1],
        [False, "Fold all 6 sections", 1],
        [False, "Unfold all 6 sections", 7],
        [False, "Fold all 6 sections", 1],
    ]


def test_band_is_broken_where_a_group_has_no_value(modules: Page) -> None:
    script = """
        const { traceBand } = await import("/static/charts/drawing/draw.js");
        const path = [];
        const target = {};
        for (const name of ["moveTo", "lineTo", "closePath"]) {
          target[name] = (x, y) => path.push([name[0], x, y]);
        }
        const same = (value) => value;
        const geometry = { top: 0, height: 100, x: { min: 0, max: 4 }, toX: same, toY: same };
        const [high, low] = [[5, 6, null, 7, 8], [1, 2, null, null, 4]];
        traceBand(target, { x: [0, 1, 2, 3, 4], high, low }, geometry);
        return path.map((part) => part.filter((one) => one !== undefined).join(" "));
    """
    assert evaluate(modules, script) == [
        "m 0 5",
        "l 1 6",
        "l 1 2",
        "l 0 1",
        "c",
        "m 3 7",
        "l 4 8",
        "l 4 4",
        "l 3 100",
        "c",
    ]


def test_times_on_an_axis_are_short(modules: Page) -> None:
    seconds = [0, 0.0015, 0.005, 30, 90, 3600, 5400, 90_000]
    found = [call(modules, "lib/format", "formatSpan", one) for one in seconds]
    assert found == ["0 s", "0.0015 s", "0.005 s", "30 s", "1 m 30 s", "1 h", "1 h 30 m", "1 d 1 h"]


def test_points_of_a_metric_called_as_what_every_object_has(modules: Page) -> None:
    script = """
        const { unpackPoints } = await import("/static/charts/data/columns.js");
        const metrics = JSON.parse('{"__proto__": [[7], [1000], [0.5]]}');
        const event = unpackPoints({ run: "a", cursor: 1, since_ms: 0, metrics });
        const names = Object.keys(event.metrics);
        return [names, event.metrics["__proto__"].step, event.metrics["constructor"] ?? null];
    """
    assert evaluate(modules, script) == [["__proto__"], [7], None]


def test_group_that_a_sweep_does_not_have_is_none(modules: Page) -> None:
    script = """
        const tools = document.createElement("div");
        tools.id = "chart-tools";
        const made = (tag) => (id) => Object.assign(document.createElement(tag), { id });
        const add = (tag, ids, place) => ids.map(made(tag)).forEach(place);
        const plain = (one) => tools.append(one);
        const labelled = (one) => {
            const label = document.createElement("label");
            label.append(one);
            tools.append(label);
        };
        add("input", ["smoothing", "log-x", "log-y", "chart-filter"], plain);
        add("output", ["smoothing-value", "chart-filter-note"], plain);
        const selects = ["chart-x", "chart-outliers", "chart-group", "chart-band", "chart-over"];
        add("select", [...selects, "chart-columns"], labelled);
        add("details", ["chart-but"], plain);
        document.body.append(tools);
        const { bindControls } = await import("/static/charts/controls.js");
        const { readView } = await import("/static/charts/data/view.js");
        const page = { groups: [{ value: "p.lr", label: "lr" }] };
        return ["p.lr", "nonsense"].map((group) => {
            bindControls(page, readView(new URLSearchParams({ group })), () => {});
            const find = (id) => tools.querySelector(id);
            return [find("#chart-group").value, find("#chart-band").closest("label").hidden];
        });
    """
    assert evaluate(modules, script) == [["p.lr", False], ["", True]]


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
def test_any_values_have_a_range_that_can_be_read(
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


def test_x_is_shown_as_far_as_numbers_can_be_told_apart(modules: Page) -> None:
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


def test_line_is_dashed_from_where_runs_of_the_group_have_ended(modules: Page) -> None:
    script = """
        const { withFewer } = await import("/static/charts/data/group_source.js");
        const of = (n) => withFewer({ y: n.map((_, i) => i), raw: null }, n);
        const parts = ({ all, fewer }) => [all ?? null, fewer ?? null];
        return [of([2, 2, 2, 1]), of([2, 1, 2, 3]), of([1, 2, 2]), of([])].map(parts);
    """
    assert evaluate(modules, script) == [
        [[0, 1, 2, None], [None, None, 2, 3]],
        [[0, None, 2, 3], [0, 1, 2, None]],
        [None, None],
        [None, None],
    ]


def test_metric_on_the_x_axis_is_taken_at_the_steps_of_the_values(modules: Page) -> None:
    across = {"step": [0, 10, 20], "value": [0.0, 1.0, None]}
    places = call(modules, "charts/data/curves", "valuesAt", across, [-1, 0, 5, 10, 15, 20, 21])
    assert places == [None, 0, 0.5, 1, None, None, None]


def test_curve_over_a_metric_leaves_out_what_has_no_place(modules: Page) -> None:
    columns = {"step": [0, 5, 30], "wall_time": [0, 1, 2], "value": [7.0, 8.0, 9.0]}
    across = {"step": [0, 10], "value": [2.0, 0.0]}
    run = {"id": "a", "name": "a", "color": 0, "started_at": None}
    view = {**STEP_VIEW, "x": "metric", "xMetric": "epoch"}
    found = call(modules, "charts/data/curves", "curveOf", run, columns, view, across)
    assert (found["x"], found["y"], found["step"]) == ([1, 2], [8, 7], [5, 0])
