// Every run as a point: a setting or a metric against a metric, in the colours of its states or of
// a third.

import { formatNumber, middleCut } from "../../lib/format.js";
import { failureMark, worstEdge } from "../failures.js";
import { isFailure } from "../../lib/states.js";
import { quantityOf } from "../quantities.js";
import { tickedAxis, valueAxis, valueScale } from "../axes.js";
import { gapOf } from "../scale.js";
import { showTint, tinted } from "../tint.js";

const MOST_LETTERS = 100; // of all ticks together

export class View {
  #points = [];
  #quantities = []; // the quantities in the label besides the value
  #what = "";
  #values = [];
  #isOwn = false;

  option(data, { colors, across, across_title: title, up, what, tint, tint_title: tintTitle }) {
    this.#what = what;
    this.#isOwn = Boolean(up);
    this.#values = up ? data.runs.up : data.runs.value;
    const x = quantityOf(data, across, title), third = tint ? quantityOf(data, tint, tintTitle) : null;
    this.#quantities = third && third.title !== x.title ? [x, third] : [x];
    const points = (this.#points = scatterPoints(data, this.#values, x));
    const y = valueScale(points.map((one) => one.y), up ? null : data.goal);
    const edge = worstEdge(y, up ? null : data.goal), { scale } = x;
    const { colorOf, key } = third ? tinted(third, points.map(({ place }) => place), colors) : {};
    if (third) showTint(key, third.title);
    return {
      grid: { left: 12, right: 20, top: 12, bottom: 32, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...tickedAxis(colors, scale.ticks.map(([at, label]) => [at, middleCut(label, Math.max(12, MOST_LETTERS / scale.ticks.length))])), min: Math.min(scale.least, -0.02), max: 1.02, name: x.title, nameLocation: "middle", nameGap: 24, splitLine: { show: scale.scale !== "category", lineStyle: { color: colors.grid } } },
      yAxis: valueAxis(colors, y),
      series: [{
        type: "scatter", symbolSize: points.length > 1000 ? 5 : 8,
        data: points.map((point) => point.y === null ? failureMark(point, edge, colors) : ({ value: [point.x, y.to(point.y)], itemStyle: { color: colorOf?.(point.place) ?? colors.fill[point.state], opacity: point.passes ? (points.length > 400 ? 0.65 : 0.95) : 0.08 } })),
        markLine: borderOf(scale, colors),
        emphasis: { scale: 1.6, itemStyle: { borderColor: colors.text, borderWidth: 2, opacity: 1 } },
      }],
    };
  }

  place({ dataIndex }) {
    return this.#points[dataIndex]?.place ?? null;
  }

  target(place) {
    const dataIndex = this.#points.findIndex((one) => one.place === place);
    return dataIndex < 0 ? null : { seriesIndex: 0, dataIndex };
  }

  lines(data, place) {
    return [...this.#quantities.map(({ title, text }) => [title, text(place)]), [this.#what, this.#isOwn ? formatNumber(this.#values[place]) : data.valueText(place)]];
  }
}

/** A dashed line that separates "not set" from the values. */
function borderOf({ absentAt, least }, colors) {
  if (absentAt === null) return { data: [] };
  const [low, high] = gapOf(least);
  return { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { type: "dashed", color: colors.border }, data: [{ xAxis: (low + high) / 2 }] };
}

function scatterPoints(data, values, { column, scale }) {
  const { runs, states } = data;
  const width = scale.scale === "category" ? 0.5 / Math.max(1, scale.values.length) : 0;
  const points = [];
  values.forEach((y, place) => {
    const at = scale.position(column[place]) ?? scale.absentAt;
    const state = states[runs.state[place]], hasValue = Number.isFinite(y);
    if (at === null || !(hasValue || isFailure(state))) return;
    points.push({ place, x: at + width * spread(runs.index[place]), y: hasValue ? y : null, state, passes: data.passes(place) });
  });
  return points;
}

/** From -0.5 to 0.5, always the same for a run, so that points of one category are side by side. */
function spread(index) {
  return ((index * 0.618033988749895) % 1) - 0.5;
}
