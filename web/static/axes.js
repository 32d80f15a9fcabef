// The axes of a chart as uPlot wants them: where ticks may stand and what is written there.

import { formatClock, formatSpan, formatStep, formatTicks } from "./format.js";
import { logLabels, logSpans, logTicks } from "./log_ticks.js";
import { theme } from "./theme.js";

const MINUTE = 60, HOUR = 3600, DAY = 86_400;

/** The lines of a step axis: never at a part of a step. */
const STEPS = powers(0, 15, [1, 2, 5]);
const SPANS = [
  ...powers(-3, 0, [1, 2, 5]), 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, ...powers(1, 4, [DAY, 2 * DAY, 5 * DAY]),
];

/** Of the reader's clock and calendar; uPlot's own go from one minute to five. */
const CLOCK = [
  1, 2, 5, 10, 15, 30,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR),
  ...[1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 90, 180, 365, 730, 1825].map((n) => n * DAY),
];

export const X_LABELS = { step: "Step", relative: "Time since the start", wall: "Time" };

/**
 * uPlot's scales and axes for a view. `onLabels(axis, ticks, labels)` is told what stands on
 * each, so that an export can say the same.
 */
export function axesOf(view, onLabels) {
  const asGiven = (u, min, max) => [min, max];
  const axis = { stroke: () => theme().text, font: "11px system-ui, sans-serif", ticks: { show: false } };
  const told = (name, labels) => (u, ticks, ...rest) => {
    const texts = labels(ticks, ...rest);
    onLabels(name, ticks, texts);
    return texts;
  };
  const x = { ...axis, grid: { show: false }, size: 26, gap: 4, space: 54 };
  const y = { ...axis, grid: { stroke: () => theme().grid, width: 1 }, gap: 6, space: 36, size: axisWidth };
  return {
    scales: {
      x: { time: view.x === "wall" && !view.isLogX, auto: false, range: asGiven, distr: view.isLogX ? 3 : 1 },
      y: { auto: false, range: asGiven, distr: view.isLogY ? 3 : 1 },
    },
    axes: [
      { ...x, ...(view.isLogX ? logAxis(told, "x", xLabels(view.x), view.x === "relative" ? logSpans : logTicks) : { ...linearX(view.x), values: told("x", xLabels(view.x)) }) },
      { ...y, ...(view.isLogY ? logAxis(told, "y", logLabels) : { values: told("y", formatTicks) }) },
    ],
  };
}

function logAxis(told, name, labels, ticks = logTicks) {
  return { splits: (u, axis, low, high) => ticks(low, high), filter: (u, ticks) => ticks, values: told(name, labels) };
}

function linearX(mode) {
  return { incrs: { step: STEPS, relative: SPANS, wall: CLOCK }[mode] };
}

function xLabels(mode) {
  if (mode === "step") return (ticks) => ticks.map((tick) => (tick == null ? "" : formatStep(tick)));
  if (mode === "relative") return (ticks) => ticks.map((tick) => (tick == null ? "" : formatSpan(tick)));
  return (ticks) => ticks.map((tick, i) => (tick == null ? "" : formatClock(tick, distance(ticks), ticks[i - 1])));
}

function distance(ticks) {
  const shown = ticks.filter((tick) => tick != null);
  return shown.length > 1 ? shown[1] - shown[0] : HOUR;
}

/** The width of the value axis: as its longest label needs, so that none is cut. */
function axisWidth(u, labels) {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label?.length ?? 0));
  return Math.max(36, Math.ceil(longest * 6.4) + 12);
}

function powers(from, to, digits) {
  const found = [];
  for (let power = from; power < to; power++) for (const digit of digits) found.push(Number((digit * 10 ** power).toPrecision(6)));
  return found;
}
