"""The pure parts of the views that explain a sweep, in the browser that runs them."""

from typing import Any

import pytest
from modules import call, evaluate
from playwright.sync_api import Page

FILTER = """
  const [axis, interval] = given;
  const { fromFilter, makeScale, toFilter } = await import("/static/insight/scale.js");
  const scale = makeScale(axis), values = toFilter(scale, interval);
  return [values, fromFilter(scale, values).flat().map((at) => Math.round(at * 1000) / 1000)];
"""
GESTURE = """
  const [intervals, start, now] = given;
  const { gesture } = await import("/static/insight/brush.js");
  return gesture(intervals, start, 0.02, 0)(now);
"""
LOG = {"scale": "log", "low": 1e-5, "high": 0.1, "is_conditional": False}
LINEAR = {"scale": "linear", "low": 0, "high": 10, "is_conditional": True}
KINDS = {"scale": "category", "values": ["a", "b", "c", "d"], "is_conditional": False}


@pytest.mark.parametrize(
    ("axis", "interval", "filters", "restored"),
    [
        (LOG, [0.25, 0.5], ["0.0001..0.001"], [0.25, 0.5]),
        (LOG, [0.5, 1], ["0.001.."], [0.5, 1]),
        (LINEAR, [0.123456, 0.2], ["1.234..2"], [0.123, 0.2]),
        (LINEAR, [-0.1, 0.3], ["..3"], [0, 0.3]),
        (LINEAR, [0, 1], ["0.."], [0, 1]),
        (LINEAR, [-0.18, 1], [], []),
        (LINEAR, [-0.15, -0.1], ["not set"], [-0.18, -0.1]),
        (LINEAR, [-0.15, 0.5], ["not set", "..5"], [-0.18, -0.1, 0, 0.5]),
        (KINDS, [0.3, 0.7], ["b", "c"], [0.25, 0.75]),
        (KINDS, [0.2, 0.3], [], []),
    ],
)
def test_brush_becomes_a_filter_and_the_filter_a_brush(
    modules: Page, axis: Any, interval: list[float], filters: list[str], restored: list[float]
) -> None:
    assert evaluate(modules, FILTER, [axis, interval]) == [filters, restored]


@pytest.mark.parametrize(
    ("intervals", "start", "now", "becomes"),
    [
        ([], 0.5, 0.25, [[0.25, 0.5]]),
        ([[0.25, 0.5]], 0.75, 1, [[0.75, 1]]),
        ([[0.25, 0.5]], 0.5, 0.75, [[0.25, 0.75]]),
        ([[0.25, 0.5]], 0.25, 0.75, [[0.5, 0.75]]),
        ([[0.25, 0.5]], 0.375, 0.5, [[0.375, 0.625]]),
        ([[0.25, 0.5]], 0.375, 2, [[0.75, 1]]),
    ],
)
def test_drag_makes_moves_and_changes_a_brush(
    modules: Page, intervals: Any, start: float, now: float, becomes: Any
) -> None:
    assert evaluate(modules, GESTURE, [intervals, start, now]) == becomes


def test_best_so_far_is_a_stair_that_continues_to_the_end(modules: Page) -> None:
    points = [{"x": x, "y": y} for x, y in ((1, 0.5), (2, 0.4), (3, 0.7), (4, 0.7), (5, 0.6))]
    stair = call(modules, "insight/views/history", "bestSoFar", points, "max", 5)
    assert stair == [[1, 0.5], [3, 0.7], [5, 0.7]]
    assert call(modules, "insight/views/history", "bestSoFar", points, "min", 5) == [
        [1, 0.5],
        [2, 0.4],
        [5, 0.4],
    ]
    assert call(modules, "insight/views/history", "bestSoFar", [], "min", 5) == []


def test_ticks_of_time_are_at_round_times(modules: Page) -> None:
    for seconds, gap in ((1, 0.2), (60, 10), (964, 300), (3600, 600), (86400 * 30, 86400 * 5)):
        assert call(modules, "insight/axes", "timeGap", seconds) == gap
    assert [call(modules, "insight/axes", "timeTick", at) for at in (0, 90)] == ["0", "1 m 30 s"]


def test_of_very_many_runs_the_best_and_a_sample_are_drawn_faintly(modules: Page) -> None:
    drawn = call(modules, "insight/views/parallel", "sampled", list(range(5000)), 1500, 150)
    assert len(drawn) == len(set(drawn)) == 1500
    assert drawn == sorted(drawn)
    assert drawn[-150:] == list(range(4850, 5000))
    assert drawn[0] < 5
    assert call(modules, "insight/views/parallel", "sampled", [3, 1, 2], 1500, 150) == [3, 1, 2]
    few = call(modules, "insight/views/parallel", "opacities", 10)
    assert (
        call(modules, "insight/views/parallel", "opacities", 60)["lines"] > 0.3
    )  # each can be followed
    many = call(modules, "insight/views/parallel", "opacities", 1000)
    assert many["lines"] < few["lines"] < 1
    assert many["lines"] < many["best"]
    assert len(call(modules, "insight/views/parallel", "sampled", list(range(5000)), 150, 0)) == 150
    assert call(modules, "insight/views/parallel", "drawnText", 596, 596, 5000) == (
        "596 of 5,000 runs pass the filters"
    )
    assert "1,500 of 2,000" in call(
        modules, "insight/views/parallel", "drawnText", 1500, 2000, 5000
    )


def test_overlapping_filtered_runs_are_no_darker(modules: Page) -> None:
    script = """
        const { faintLines } = await import("/static/insight/faint.js");
        const darkest = (lines) => {
          const [{ style }] = faintLines(lines, "black", 100, 40);
          const context = new OffscreenCanvas(100, 40).getContext("2d");
          context.globalAlpha = style.opacity;
          context.drawImage(style.image, 0, 0);
          const { data } = context.getImageData(0, 0, 100, 40);
          return data.reduce((most, value, i) => (i % 4 === 3 ? Math.max(most, value) : most), 0);
        };
        const line = [[0, 20.5], [50, 20.5], [99, 4]];
        return [darkest([line]), darkest(Array.from({ length: 400 }, () => line))];
    """
    alone, many = evaluate(modules, script)
    assert 0 < alone == many


def test_hyperparameter_can_have_the_name_of_an_object_attribute(modules: Page) -> None:
    script = """
        const { InsightData } = await import("/static/insight/data.js");
        const data = new InsightData("s");
        const hyperparameters = JSON.parse('{"__proto__": [3], "constructor": [4]}');
        const one = { name: ["a"], state: [0], started: [0], ended: [1], value: [1], up: [] };
        const runs = { index: [0], ...one, hyperparameters };
        data.take({ cursor: 1, is_complete: true, axes: [], states: [], passing: null, runs });
        const found = ["__proto__", "constructor", "valueOf"].map((name) => data.column(name));
        return [found, Object.keys(Object), ({})[0] ?? null];
    """
    assert evaluate(modules, script) == [[[3], [4], []], [], None]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.3, 0.1 + 0.2], ["0.28", "0.30", "0.32"]),  # a loop over their difference never ended
        ([1e308, -1e308], ["−1e308", "−5e307", "0", "5e307", "1e308"]),
        ([5e-324, 0], ["−1.0", "−0.5", "0", "0.5", "1.0"]),
    ],
)
def test_axes_handle_tiny_and_huge_ranges(
    modules: Page, values: list[float], labels: list[str]
) -> None:
    script = """
        const { valueScale } = await import("/static/insight/axes.js");
        const { makeScale } = await import("/static/insight/scale.js");
        const low = Math.min(...given), high = Math.max(...given);
        const along = makeScale({ scale: "linear", low, high, is_conditional: false });
        const labels = valueScale(given, "max").ticks.map(([, label]) => label);
        return [labels, given.map(along.position)];
    """
    written, positions = evaluate(modules, script, values)
    assert written == labels
    assert positions in ([0.5, 0.5], [1, 0])


def test_runs_that_failed_without_a_value_are_points_but_never_the_best(modules: Page) -> None:
    found = modules.evaluate(
        """async () => {
          const made = Object.assign(document.createElement("div"), { id: "page-data" });
          const element = document.querySelector("#page-data") ?? made;
          document.body.append(element);
          const states = { failed: { isEnd: true, isFailure: true }, finished: { isEnd: true } };
          element.dataset.page ??= JSON.stringify({ states });
          const { bestSoFar, historyPoints } = await import("/static/insight/views/history.js");
          const { worstEdge } = await import("/static/insight/failures.js");
          const runs = {
            index: [1, 2, 3, 4], value: [0.5, null, 0.9, null], ended: [1, 2, 3, 4],
            state: [1, 0, 1, 1], is_full: [],
          };
          const data = { runs, states: ["failed", "finished"], passes: () => true };
          const points = historyPoints(data, false);
          const scale = { low: 0, high: 1 };
          const edges = ["min", "max"].map((goal) => worstEdge(scale, goal));
          return [points.map(({ x, y }) => [x, y]), bestSoFar(points, "max", 3), edges];
        }"""
    )
    assert found == [
        [[1, 0.5], [2, None], [3, 0.9]],
        [[1, 0.5], [3, 0.9]],
        [1, 0],
    ]
