// The axes of a chart as uPlot needs them: the places of ticks and their labels.

import { formatClock, formatDays, formatSpan, formatStep, formatTicks } from "../../lib/format.js";
import { linearTicks, logLabels, logSpans, logTicks, ticksApart, withoutOverlap } from "./ticks.js";
import { titleOf } from "../data/derived.js";
import { placer } from "./ranges.js";
import { theme } from "../../lib/theme.js";

const LEAST_PX = 36; // between the lines of values
const MINUTE = 60, HOUR = 3600, DAY = 86_400;

/** The lines of a step axis: never at a part of a step. */
const STEPS = powers(0, 20, [1, 2, 5]);
const VALUES = powers(-15, 20, [1, 2, 5]);
const SPANS = [
  ...powers(-3, 0, [1, 2, 5]), 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, ...powers(1, 4, [DAY, 2 * DAY, 5 * DAY]),
];

/** Units of the reader's clock and calendar. uPlot's own go from one minute to five. */
const CLOCK = [
  1, 2, 5, 10, 15, 30,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR),
  ...[1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 90, 180, 365, 730, 1825].map((n) => n * DAY),
];

const X_LABELS = { step: "Step", relative: "Time since the start" };

/**
 * What the horizontal axis shows between two values. For time the date and the zone, which ticks
 * may lack.
 */
export const xLabelOf = (view, low, high) => (view.x === "wall" ? formatDays(low, high) : X_LABELS[view.x] ?? titleOf(view.xMetric));

/**
 * uPlot's scales and axes for a view. `yRange()` are the values from the lower to the upper edge:
 * for uPlot, which draws nothing between 1e-17 and 2e-17 or from -1e308 to 1e308, they are 0 and 1.
 * `onLabel(axis, ticks, labels)` receives the labels of each, for exports. `rightRange`: of a
 * second axis of values, if there is one.
 */
export function axesOf(view, { yRange, rightRange = null, onLabel: onLabels }) {
  const asGiven = (u, min, max) => [min, max];
  const axis = { stroke: () => theme().text, font: "11px system-ui, sans-serif", ticks: { show: false } };
  const x = { ...axis, grid: { show: false }, size: 26, gap: 4, space: 54, ...(view.isLogX ? logX(view.x) : linearX(view.x)), values: labelsX(xLabels(view.x), onLabels) };
  if (view.x === "wall" || view.x === "metric" || view.hasOwnX) Object.assign(x, { label: (u) => xLabelOf(view, u.scales.x.min, u.scales.x.max), labelSize: 16, labelFont: axis.font });
  const y = { ...axis, grid: { stroke: () => theme().grid, width: 1 }, gap: 6, space: LEAST_PX, size: axisWidth };
  return {
    scales: {
      x: { time: view.x === "wall" && !view.isLogX, auto: false, range: asGiven, distr: view.isLogX ? 3 : 1 },
      y: { auto: false, range: [0, 1] },
    },
    axes: [x, { ...y, ...axisY(view.isLogY, yRange, (...args) => onLabels("y", ...args)) }, ...(rightRange ? [{ ...y, side: 1, grid: { show: false }, ...axisY(view.isLogY, rightRange, (...args) => onLabels("right", ...args)) }] : [])],
  };
}

function axisY(isLog, yRange, onLabels) {
  let ticks = [];
  return {
    splits: (u, axis, low, high, part, pixels) => {
      const [from, to] = yRange(), place = placer([from, to], isLog);
      ticks = isLog ? logTicks(from, to) : linearTicks(from, to, pixels / part / LEAST_PX);
      return ticks.map(place);
    },
    values: () => {
      const labels = (isLog ? logLabels : formatTicks)(ticks);
      onLabels(ticks, labels);
      return labels;
    },
  };
}

/** Labels of the ticks of x, without those that would overlap or cross the edge. */
function labelsX(labels, onLabels) {
  return (u, ticks) => {
    const left = u.bbox.left / uPlot.pxRatio;
    const shown = withoutOverlap(labels(ticks), ticks.map((tick) => left + u.valToPos(tick, "x")), u.width);
    onLabels("x", ticks, shown);
    return shown;
  };
}

function logX(mode) {
  return { splits: (u, axis, low, high) => (mode === "relative" ? logSpans : logTicks)(low, high), filter: (u, ticks) => ticks };
}

function linearX(mode) {
  // uPlot's add up, and end at 2 ** 53
  const splits = mode === "wall" ? {} : { splits: (u, axis, low, high, gap) => ticksApart(low, high, gap) };
  return { incrs: { step: STEPS, relative: SPANS, wall: CLOCK, metric: VALUES }[mode], ...splits };
}

function xLabels(mode) {
  if (mode === "step") return (ticks) => ticks.map((tick) => (tick == null ? "" : formatStep(tick)));
  if (mode === "relative") return (ticks) => ticks.map((tick) => (tick == null ? "" : formatSpan(tick)));
  if (mode === "metric") return labelsOfValues;
  return (ticks) => ticks.map((tick, i) => (tick == null ? "" : formatClock(tick, distance(ticks), ticks[i - 1])));
}

function labelsOfValues(ticks) {
  const labels = formatTicks(ticks.filter((tick) => tick != null));
  return ticks.map((tick) => (tick == null ? "" : labels.shift()));
}

function distance(ticks) {
  const shown = ticks.filter((tick) => tick != null);
  return shown.length > 1 ? shown[1] - shown[0] : HOUR;
}

/** The width of the value axis: enough for its longest label. */
function axisWidth(u, labels) {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label?.length ?? 0));
  return Math.max(36, Math.ceil(longest * 6.4) + 12);
}

function powers(from, to, digits) {
  const found = [];
  for (let power = from; power < to; power++) for (const digit of digits) found.push(Number((digit * 10 ** power).toPrecision(6)));
  return found;
}
