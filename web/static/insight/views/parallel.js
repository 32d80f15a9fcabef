// Parallel coordinates: each run is a line through its hyperparameters to its best value. What is
// brushed on an axis is in the address as a filter, which the table and the charts follow.

import { formatNumber } from "../../lib/format.js";
import { plainAxis, valueScale } from "../axes.js";
import { AxisHandles } from "../axis_handles.js";
import { Brushes } from "../brush.js";
import { faintLines } from "../faint.js";
import { askFor, filterBy, filtersOf } from "../filter.js";
import { fromFilter, makeScale, toFilter } from "../scale.js";
import { written } from "../quantities.js";

const LEFT = 48, RIGHT = 72, TOP = 36, BOTTOM = 16;
const MOST_DRAWN = 1500, MOST_BEST = 150;
// of a single line, divided by the root of their number: sixty are read one by one, a thousand as
// areas
const INK = 3.1;
const MOST_OTHERS = 200; // of those that pass no filter
const MOST_LINES = 10;
const LETTER_PX = 6.5;
const WIDE_PX = 160; // between axes: with more room the outer names stay inside

export class View {
  dependsOnWidth = true;
  #places = [];
  #axes = [];
  #nPassing = 0;
  #nDrawn = 0;
  #brushes = null;
  #handles = null;
  #frame = 0;
  #traced = () => null; // places -> their lines, as one faint drawing
  #isAllFaint = false;

  bind(chart) {
    const parent = chart.getDom().parentElement;
    this.#handles = new AxisHandles(parent.closest("figure").querySelector(".axis-handles"), (asked) => askFor("axes", asked));
    this.#brushes = new Brushes(parent, (id, intervals, isOver) => this.#brush(chart, id, intervals, isOver));
  }

  unbind() {
    cancelAnimationFrame(this.#frame);
    this.#brushes?.remove();
    this.#handles?.remove();
  }

  /** Nothing is drawn again during brushing. */
  isBusy() {
    return this.#brushes.isDragging;
  }

  option(data, { colors, width, height, axes = "[]" }) {
    this.#axes = chosenAxes(axesOf(data), JSON.parse(axes), data.metric);
    const ordered = worstFirst(data);
    const passing = ordered.filter((place) => data.passes(place)), others = ordered.filter((place) => !data.passes(place));
    const drawn = sampled(passing, MOST_DRAWN, MOST_BEST);
    this.#nPassing = passing.length, this.#nDrawn = drawn.length;
    this.#places = [...sampled(others, MOST_OTHERS, 0), ...drawn];
    const ink = opacities(drawn.length);
    const firstBest = this.#places.length - Math.min(MOST_BEST, Math.ceil(drawn.length / 10));
    // only the faint drawing is visible
    const unseen = { lineStyle: { color: "transparent" }, emphasis: { lineStyle: { color: colors.muted } } };
    const room = (width - LEFT - RIGHT) / Math.max(1, this.#axes.length - 1);
    this.#traced = (places) => faintLines(places.map((place) => this.#pixels(place, room, height)), colors.muted, width, height);
    this.#isAllFaint = false;
    return {
      graphic: this.#traced(this.#places.slice(0, this.#places.length - drawn.length)),
      parallel: { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM },
      parallelAxis: this.#axes.map((axis, dim) => parallelAxis(axis, dim, colors, room, this.#axes.length)),
      visualMap: ramp(data, this.#axes.findIndex(({ id }) => id === `m.${data.metric}`), colors),
      series: [{
        type: "parallel", smooth: false, z: 0, progressive: 1000, progressiveThreshold: 3000,
        data: this.#places.map((place, n) => line(this.#axes.map((axis) => axis.of(place)), !data.passes(place) ? unseen : n >= firstBest ? { lineStyle: { opacity: ink.best } } : null)),
        lineStyle: { width: this.#places.length > 300 ? 1 : 1.5, opacity: ink.lines }, activeOpacity: ink.best, inactiveOpacity: 0,
        emphasis: { lineStyle: { width: 4, opacity: 1 } },
      }],
    };
  }

  /** The brushes are those of the address. The server determines which lines pass. */
  drawn(chart, data, { width, height }) {
    const gap = (width - LEFT - RIGHT) / Math.max(1, this.#axes.length - 1);
    const placed = this.#axes.map(({ id, name, scale, isTurned }, n) => ({ id, name, isTurned, x: LEFT + n * gap, least: scale.least, intervals: fromFilter(scale, filtersOf(id)) }));
    this.#brushes.place(placed, TOP, height - TOP - BOTTOM);
    this.#handles.place(placed, TOP - 10, gap);
    const note = document.querySelector("#insight-drawn");
    if (note) note.textContent = drawnText(this.#nDrawn, this.#nPassing, data.count);
  }

  /** Where the line of a run meets the axes. A run without a value misses that axis. */
  #pixels(place, room, height) {
    const partOf = ({ of, scale, isTurned }) => (isTurned ? of(place) - scale.least : 1 - of(place)) / (1 - scale.least);
    const points = this.#axes.map((axis, n) => [LEFT + n * room, TOP + partOf(axis) * (height - TOP - BOTTOM)]);
    return points.filter(([, y]) => Number.isFinite(y));
  }

  #brush(chart, id, intervals, isOver) {
    const { scale } = this.#axes.find((one) => one.id === id);
    // those that drop out stay visible
    if (!this.#isAllFaint) chart.setOption({ graphic: this.#traced(this.#places) });
    this.#isAllFaint = true;
    cancelAnimationFrame(this.#frame);
    if (isOver || this.#places.length < 1500) this.#frame = requestAnimationFrame(() => select(chart, id, intervals));
    if (isOver) filterBy(id, intervals.flatMap((interval) => toFilter(scale, interval)));
  }

  place({ dataIndex }) {
    return this.#places[dataIndex] ?? null;
  }

  target(place) {
    const dataIndex = this.#places.indexOf(place);
    return dataIndex < 0 ? null : { seriesIndex: 0, dataIndex };
  }

  lines(data, place) {
    const shown = data.axes.slice(0, MOST_LINES).map((axis) => [axis.name, written(axis, data.column(axis.name)[place])]);
    return data.metric === null ? shown : [...shown, [data.valueName, data.valueText(place)]];
  }
}

/** Cut rather than given a width: the area behind a label is as wide as that. */
const shortened = (label, n) => (label.length > n ? `${label.slice(0, n - 1)}…` : label);
const number = (n) => n.toLocaleString("en");

/** The ends of a line on all axes, and its style if it differs from the usual one. */
function line(value, style) {
  return style === null ? value : { value, ...style };
}

/** Pure: how many runs are drawn, if not all are. */
export function drawnText(nDrawn, nPassing, count) {
  const which = nPassing < count ? `${number(nPassing)} of ${number(count)} runs pass the filters` : "";
  const sample = nDrawn < nPassing ? `${number(nDrawn)} of ${number(nPassing)} runs drawn: the best and a sample of the others` : "";
  return [which, sample].filter(Boolean).join("; ");
}

/** Pure: how dark lines are: the more of them, the fainter each. */
export function opacities(nPassing) {
  const shared = Math.max(0.08, Math.min(0.8, INK / Math.sqrt(Math.max(1, nPassing))));
  return { lines: shared, best: nPassing > 300 ? 0.55 : 0.85 };
}

/**
 * Pure: a sample of places, the best of which come last: all of the best and `most` of the others,
 * evenly.
 */
export function sampled(places, most, mostBest) {
  if (places.length <= most) return places;
  const first = places.length - mostBest, n = most - mostBest;
  return [...Array.from({ length: n }, (_, i) => places[Math.floor((i * first) / n)]), ...places.slice(first)];
}

function select(chart, parallelAxisId, intervals) {
  chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId, intervals });
}

/**
 * Pure: the axes that a reader chose, in that order. A name after `-` is reversed. That of the
 * metric is always there.
 */
function chosenAxes(axes, asked, metric) {
  if (asked.length === 0) return axes;
  const found = asked.flatMap((text) => {
    const plain = axes.find(({ name }) => name === text), turned = plain ? null : axes.find(({ name }) => `-${name}` === text);
    return plain ? [plain] : turned ? [{ ...turned, isTurned: true }] : [];
  });
  const last = axes.find(({ id, name }) => id === `m.${metric}` && !found.some((one) => one.name === name));
  return last ? [...found, last] : found;
}

/** Hyperparameters in the order of the space, then the metric. All of them from 0 to 1. */
function axesOf(data) {
  const axes = data.axes.map((axis) => {
    const scale = makeScale(axis), column = data.column(axis.name);
    return { id: `p.${axis.name}`, name: axis.name, scale, of: (place) => scale.position(column[place]) ?? scale.absentAt ?? NaN };
  });
  if (data.metric === null) return axes;
  const found = data.runs.value.filter((value) => Number.isFinite(value));
  const { isLog } = valueScale(found, data.goal);
  const least = found.reduce((a, b) => Math.min(a, b), Infinity), most = found.reduce((a, b) => Math.max(a, b), -Infinity);
  const scale = makeScale({ scale: isLog ? "log" : "linear", low: found.length ? least : 0, high: found.length ? most : 1, is_conditional: false });
  axes.push({ id: `m.${data.metric}`, name: data.metric, scale, of: (place) => (Number.isFinite(data.runs.value[place]) ? scale.position(data.runs.value[place]) : NaN) });
  return axes;
}

/** The best runs are drawn last, above the others. Those without a value first. */
function worstFirst(data) {
  const { runs, goal } = data;
  const places = runs.index.map((_, place) => place);
  const rank = (place) => (!data.passes(place) ? -Infinity : Number.isFinite(runs.value[place]) ? (goal === "min" ? -runs.value[place] : runs.value[place]) : -Infinity);
  return places.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

function parallelAxis({ id, name, scale, isTurned = false }, dim, colors, room, nAxes) {
  const isOuter = dim === 0 || dim === nAxes - 1;
  const align = !isOuter || room < WIDE_PX ? "center" : dim === 0 ? "left" : "right";
  const nameWidth = room < WIDE_PX ? Math.min(room - 8, isOuter ? 2 * LEFT - 8 : Infinity) : room * 0.62;
  const labels = new Map(scale.ticks);
  const places = scale.ticks.map(([at]) => at);
  return {
    ...plainAxis(colors), id, dim, inverse: isTurned, min: scale.least, max: 1, splitLine: { show: false },
    name: isTurned ? `${name} ↓` : name, nameLocation: isTurned ? "start" : "end", nameGap: 14, nameTruncate: { maxWidth: Math.max(48, nameWidth), ellipsis: "…" }, nameTextStyle: { color: colors.text, fontWeight: 600, fontSize: 12, align },
    axisLine: { lineStyle: { color: colors.border } }, axisTick: { show: true, length: 4, lineStyle: { color: colors.border }, customValues: places },
    axisLabel: { color: colors.text, customValues: places, formatter: (at) => shortened(labels.get(at) ?? "", Math.max(5, (room - 24) / LETTER_PX)), backgroundColor: colors.surface, padding: [3, 4, 2, 4], borderRadius: 3 },
  };
}

function ramp(data, dimension, colors) {
  if (data.metric === null) return { show: false, type: "continuous", dimension: 0, min: 0, max: 1, inRange: { color: [colors.accent, colors.accent] } };
  const scale = data.goal === "min" ? [...colors.ramp].reverse() : colors.ramp;
  return { show: false, type: "continuous", dimension, min: 0, max: 1, inRange: { color: scale }, outOfRange: { color: [colors.border] } };
}
