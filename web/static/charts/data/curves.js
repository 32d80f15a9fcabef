// What a chart draws of a run: its columns over the requested x axis, smoothed, without what the
// axes cannot show. Computed once and kept while columns and view stay as they are. Pure.

import { lowerBound, smooth } from "./columns.js";

const SINCE_START_S = 1e8; // smaller wall times count from the start of the run (the original tool)

/** @typedef {{id: string, name: string, color: number, x: number[], y: (number|null)[],
 *   raw: (number|null)[] | null, value: (number|null)[], step: number[], elapsed: (i: number) => number,
 *   abandoned?: {x: number[], y: (number|null)[]} | null,
 *   low: (number|null)[] | null, high: (number|null)[] | null, n: number[] | null, nBelow: number, nRepeated?: number}} Curve
 *   `nRepeated`: how many earlier values of its steps an axis of steps leaves out; `raw`: the line behind a smoothed one; `low` and `high`: the edges of a band; `n`: of how many
 *   runs; `nNan`: of a group, of how many runs something was no number; `nBelow`: how many values a logarithmic axis cannot show
 */

const known = new WeakMap(); // the array of values -> {key, curve}

/** @returns {Curve} of a run, from its columns {step, wall_time, value}; `across`: those of the metric on the x axis, if one is. */
export function curveOf(run, columns, view, across = null) {
  const key = [columns.value.length, columns.repeated?.count ?? 0, view.smoothing, view.x, view.isLogX, view.isLogY, run.name, run.color, run.own, run.is_best, run.started_at, view.xMetric, across?.value.length, across?.step.at(-1)].join("|");
  const found = known.get(columns.value);
  if (found?.key === key) return found.curve;
  const curve = makeCurve(run, columns, view, across);
  known.set(columns.value, { key, curve });
  return curve;
}

function makeCurve(run, columns, view, across) {
  const begin = beginning(run, columns.wall_time);
  // times come in whole milliseconds: a part of one before the first would be a time of its own
  const elapsed = (wallTime) => (wallTime < SINCE_START_S ? wallTime : (Math.round(wallTime * 1000) - Math.round(begin * 1000)) / 1000);
  const shown = isOverTime(view) ? withRepeated(columns) : columns;
  const ordered = ordering(shown, run, view, elapsed, across);
  const { x, step, wall_time, value } = view.isLogX ? positiveOnly(ordered) : ordered;
  return {
    ...drawn(value, view),
    id: run.id, name: run.name, color: run.color, own: run.own, isBest: run.is_best === true, x, value, step,
    elapsed: (i) => elapsed(wall_time[i]),
    low: null, high: null, n: null,
    nRepeated: isOverTime(view) ? 0 : columns.repeated?.count ?? 0,
    abandoned: columns.abandoned ? abandonedLine(columns.abandoned, run, view, elapsed, across) : null,
  };
}

/** Over time every value has its own place, even several of one step. */
function withRepeated(columns) {
  const { repeated } = columns;
  if (!repeated) return columns;
  const joined = (name) => columns[name].concat(repeated[name]);
  return { step: joined("step"), wall_time: joined("wall_time"), value: joined("value") };
}

/** The values that a training logged before it continued from an earlier step: a separate line. */
function abandonedLine(columns, run, view, elapsed, across) {
  const ordered = ordering(columns, run, view, elapsed, across);
  const { x, value } = view.isLogX ? positiveOnly(ordered) : ordered;
  return { x, y: view.isLogY ? value.map((one) => (one > 0 ? one : null)) : value };
}

/** The values of a line as they are on the y axis. */
export function drawn(value, view) {
  const smoothed = smooth(value, view.smoothing);
  const shown = (values) => (view.isLogY ? values.map((one) => (one > 0 ? one : null)) : values);
  const nBelow = view.isLogY ? value.reduce((n, one) => n + (one !== null && one <= 0), 0) : 0;
  return { y: shown(smoothed), raw: view.smoothing > 0 ? shown(value) : null, nBelow };
}

/** When a run began: the known time, unless its points are older. */
function beginning(run, wallTimes) {
  const first = wallTimes.reduce((low, one) => Math.min(low, one), Infinity);
  return run.started_at != null && run.started_at <= first ? run.started_at : first;
}

/** Over time every value has its own place, even if a step was logged several times. */
export const isOverTime = ({ x }) => x === "relative" || x === "wall";

/** Columns with their places on the x axis, in the order of these. */
function ordering(columns, run, view, elapsed, across) {
  if (view.x !== "metric") return orderedBy(xValues(columns, view.x, run, elapsed), columns);
  const x = across ? valuesAt(across, columns.step) : columns.step.map(() => null);
  const kept = x.map((_, i) => i).filter((i) => x[i] !== null);
  const pick = (values) => kept.map((i) => values[i]);
  return orderedBy(pick(x), { step: pick(columns.step), wall_time: pick(columns.wall_time), value: pick(columns.value) });
}

/**
 * Pure: the values of a metric at some steps, interpolated linearly. Null outside of its own steps.
 */
export function valuesAt({ step, value }, steps) {
  return steps.map((at) => {
    const i = lowerBound(step, at);
    if (i === step.length) return null;
    if (step[i] === at) return value[i];
    if (i === 0 || value[i] === null || value[i - 1] === null) return null;
    return value[i - 1] + ((value[i] - value[i - 1]) * (at - step[i - 1])) / (step[i] - step[i - 1]);
  });
}

function xValues(columns, mode, run, elapsed) {
  if (mode === "step") return columns.step;
  if (mode === "relative") return columns.wall_time.map(elapsed);
  return columns.wall_time.map((time) => (time < SINCE_START_S ? (run.started_at ?? 0) + time : time));
}

/** On an axis of steps, a training that went back to an earlier step goes back in time. */
function orderedBy(x, columns) {
  if (x.every((one, i) => i === 0 || x[i - 1] <= one)) return { x, ...columns };
  const order = x.map((_, i) => i).sort((a, b) => x[a] - x[b] || a - b);
  const pick = (values) => order.map((i) => values[i]);
  return { x: pick(x), step: pick(columns.step), wall_time: pick(columns.wall_time), value: pick(columns.value) };
}

function positiveOnly({ x, step, wall_time, value }) {
  const from = lowerBound(x, Number.MIN_VALUE);
  if (from === 0) return { x, step, wall_time, value };
  return { x: x.slice(from), step: step.slice(from), wall_time: wall_time.slice(from), value: value.slice(from) };
}
