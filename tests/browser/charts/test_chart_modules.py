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


def test_smoothed_curve_keeps_what_was_logged_behind_it(modules: Page) -> None:
    columns = {"step": [0, 1], "wall_time": [0, 1], "value": [0.0, 1.0]}
    found = curve(modules, {}, columns, smoothing=0.5)
    assert found["y"] == [0, pytest.approx(2 / 3)]
    assert found["raw"] == [0, 1]
    assert found["value"] == [0, 1]
    largest = {"step": list(range(9)), "wall_time": [0] * 9, "value": [sys.float_info.max] * 9}
    found = curve(modules, {}, largest, smoothing=0.9)
    assert found["y"] == [pytest.approx(sys.float_info.max)] * 9


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
        (320, [592, 864], None),  # over no other chart
        (592, [320, 864], None),
        (864, [320, 592], None),
        (592, [320], {"left": 864, "width": 260}),  # nothing stands there
        (592, [864], {"left": 320, "width": 260}),
    ],
)
def test_list_is_beside_the_chart_within_the_page(
    modules: Page, left: int, others: list[int], place: dict[str, int] | None
) -> None:
    room = {"left": 312, "right": 1132, "top": 0, "bottom": 3000}
    charts = [{"left": x, "right": x + 260, "top": 100, "bottom": 326} for x in (left, *others)]
    assert (
        call(modules, "charts/pointing/value_list", "besideOf", charts[0], room, charts[1:])
        == place
    )
    alone = {**charts[0], "left": 320, "right": 1124}
    assert call(modules, "charts/pointing/value_list", "besideOf", alone, room, []) is None


def test_run_under_the_pointer_is_fetched_once(modules: Page) -> None:
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
        element.style.cssText = "width: 220px; padding: 0";
        document.body.append(element);
        const entries = Array.from({ length: 70 }, (_, i) => ({ id: `${i}`, name: `${i}` }));
        const view = { hidden: new Set(), solo: new Set() };
        const state = () => [element.querySelectorAll(".legend-item").length,
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


def test_metrics_are_in_sections_pinned_ones_first(modules: Page) -> None:
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
          const folded = new Set(params().getAll("fold"));
          list.show(sections, { folded, charts: new Map() }, () => chart);
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


def test_points_of_a_metric_called_as_what_every_object_has(modules: Page) -> None:
    script = """
        const { unpackPoints } = await import("/static/charts/data/columns.js");
        const metrics = JSON.parse('{"__proto__": [[7], [1000], [0.5]]}');
        const event = unpackPoints({ run: "a", cursor: 1, since_ms: 0, metrics });
        const names = Object.keys(event.metrics);
        return [names, event.metrics["__proto__"].step, event.metrics["constructor"] ?? null];
    """
    assert evaluate(modules, script) == [["__proto__"], [7], None]


def test_unknown_group_is_none(modules: Page) -> None:
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
        add("input", ["smoothing", "log-x", "log-y", "chart-filter", "chart-name"], plain);
        add("output", ["smoothing-value", "chart-filter-note"], plain);
        const selects = ["chart-x", "chart-outliers", "chart-group", "chart-band", "chart-over"];
        add("select", [...selects, "chart-columns"], labelled);
        add("details", ["chart-but"], plain);
        add("button", ["derive-button"], plain);
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


def test_few_charts_are_drawn_in_each_frame_and_each_once(modules: Page) -> None:
    """Ten charts that take 10 ms each: two in a frame, then a pause as long as they took."""
    script = """
        const module = "/static/charts/drawing/draw_queue.js";
        const { DrawQueue } = await import(module);
        let now = 0, callback = null;
        const request = (next) => ((callback = next), 1);
        const queue = new DrawQueue({ clock: () => now, request });
        const drawn = [];
        const paint = (n) => (drawn.push(n), (now += 10));
        const chart = (n) => ({ paint: () => paint(n), updateFrame() {}, pointAgain() {} });
        const charts = Array.from({ length: 10 }, (_, n) => chart(n));
        for (const one of [...charts, ...charts]) queue.add(one);
        const perFrame = [];
        for (let frame = 0; frame < 40; frame++) {
          const before = drawn.length, next = callback;
          callback = null;
          next?.(now);
          perFrame.push(drawn.length - before);
          now += 10;
        }
        return [drawn, perFrame];
    """
    drawn, per_frame = evaluate(modules, script)
    assert drawn == list(range(10))
    assert max(per_frame) == 2
    assert per_frame[:3] == [2, 0, 2]
