// The empirical distribution of a value: the share of the runs with at most this value, as a step
// curve.

import { make } from "../../lib/elements.js";
import { formatNumber } from "../../lib/format.js";
import { runColor } from "../../lib/theme.js";
import { tickedAxis, valueAxis, valueScale } from "../axes.js";

const SHARES = [0, 0.25, 0.5, 0.75, 1];

export class View {
  #lines = [];
  #what = "";

  option(data, { colors, up, by, what }) {
    const values = up ? data.runs.up : data.runs.value, axis = data.axes.find(({ name }) => name === by);
    this.#what = what;
    const lines = (this.#lines = distributions(values, axis ? data.column(by) : null, axis?.values ?? [], (place) => data.passes(place)));
    const scale = valueScale(lines.flatMap(({ points }) => points.map(({ value }) => value)), null);
    showLines(lines.length > 1 ? lines : []);
    return {
      grid: { left: 12, right: 20, top: 12, bottom: 32, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...valueAxis(colors, scale), splitLine: { show: false }, name: what, nameLocation: "middle", nameGap: 24 },
      yAxis: { ...tickedAxis(colors, SHARES.map((share) => [share, `${100 * share} %`])), min: 0, max: 1.02, splitLine: { show: true, lineStyle: { color: colors.grid } } },
      series: lines.map(({ points, color }) => ({
        type: "line", step: "end", symbol: "circle", symbolSize: points.length > 400 ? 3 : 6, showAllSymbol: true, itemStyle: { color: runColor(color) }, lineStyle: { color: runColor(color), width: 2 },
        data: [[scale.to(points[0].value), 0], ...points.map(({ value, share }) => [scale.to(value), share])],
        emphasis: { scale: 1.8 },
      })),
    };
  }

  place({ seriesIndex, dataIndex }) {
    return this.#lines[seriesIndex]?.points[dataIndex - 1]?.place ?? null;
  }

  target(place) {
    for (const [seriesIndex, { points }] of this.#lines.entries()) {
      const found = points.findIndex((one) => one.place === place);
      if (found >= 0) return { seriesIndex, dataIndex: found + 1 };
    }
    return null;
  }

  lines(data, place) {
    const point = this.#lines.flatMap(({ points }) => points).find((one) => one.place === place);
    return [[this.#what, formatNumber(point.value)], ["this value or less", `${Math.round(100 * point.share)} %`]];
  }
}

/**
 * Pure: for the runs that pass, by the place of their value on an axis (null: all together), the
 * values in their order and the cumulative share.
 */
export function distributions(values, column, names, passes) {
  const places = values.map((_, place) => place).filter((place) => Number.isFinite(values[place]) && passes(place));
  const groups = column === null ? [["all", places]] : names.map((name, n) => [name, places.filter((place) => column[place] === n)]);
  return groups.flatMap(([name, some], color) => {
    const sorted = some.sort((a, b) => values[a] - values[b]);
    const points = sorted.map((place, n) => ({ place, value: values[place], share: (n + 1) / sorted.length }));
    return points.length ? [{ name, color, points }] : [];
  });
}

function showLines(lines) {
  const legend = document.querySelector("#insight-lines");
  legend?.replaceChildren(...lines.map(({ name, color, points }) => make("span", "color-key-entry", make("span", `dot run-color-${color}`), `${name} (${points.length})`)));
}
