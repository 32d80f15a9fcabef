// Axes of the drawings of a sweep: ticks, labels and colours for ECharts. Pure.

import { formatDuration, formatTicks } from "../lib/format.js";
import { fewTicks } from "./scale.js";
import { withRoom } from "../charts/drawing/ranges.js";
import { logLabels, logTicks } from "../charts/drawing/ticks.js";

export function plainAxis(colors) {
  return {
    type: "value",
    axisLine: { show: true, onZero: false, lineStyle: { color: colors.grid } },
    axisTick: { show: false },
    axisLabel: { color: colors.muted, hideOverlap: true },
    splitLine: { lineStyle: { color: colors.grid } },
    minorTick: { show: false },
    nameTextStyle: { color: colors.muted },
  };
}

/** An axis with exactly these ticks: [position, label] each. */
export function tickedAxis(colors, ticks) {
  const labels = new Map(ticks);
  const places = ticks.map(([place]) => place);
  const base = plainAxis(colors);
  return {
    ...base,
    axisTick: { show: false, customValues: places },
    axisLabel: { ...base.axisLabel, customValues: places, formatter: (place) => labels.get(place) ?? "" },
    splitLine: { show: false },
  };
}

/** A scale for values: linear, or logarithmic if they span decades and more is not better. */
export function valueScale(values, goal) {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return { to: same, from: same, low: 0, high: 1, ticks: [], isLog: false };
  const low = finite.reduce((a, b) => Math.min(a, b)), high = finite.reduce((a, b) => Math.max(a, b));
  const isLog = goal !== "max" && low > 0 && high / low >= 100;
  const to = isLog ? Math.log10 : same;
  const [first, last] = withRoom([to(low), to(high)], 0.05);
  const ticks = isLog ? logTicks(low, high) : fewTicks(first, last);
  const labels = isLog ? logLabels(ticks) : formatTicks(ticks);
  return { to, isLog, low: first, high: last, ticks: ticks.map((tick, n) => [to(tick), labels[n]]) };
}

/** The axis of a `valueScale`. */
export function valueAxis(colors, scale) {
  return { ...tickedAxis(colors, scale.ticks), min: scale.low, max: scale.high, splitLine: { show: true, lineStyle: { color: colors.grid } } };
}

const GAPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** Seconds between the ticks of a time axis of this length: about six of them, at round times. */
export function timeGap(seconds) {
  const gap = GAPS_S.find((one) => one >= seconds / 7);
  return gap ?? Math.ceil(seconds / 7 / 86400) * 86400;
}

/** A tick of a time axis. */
export const timeTick = (seconds) => (seconds === 0 ? "0" : formatDuration(seconds));

const same = (value) => value;
