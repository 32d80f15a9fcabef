// The position of a value on an axis from 0 to 1, its label, and the inverse. Pure.

import { formatTicks } from "../lib/format.js";
import { isFlat, placer } from "../charts/drawing/ranges.js";
import { linearTicks, logLabels, logTicks } from "../charts/drawing/ticks.js";

const ABSENT_AT = -0.14;
const MOST_LABELS = 8;
const NOT_SET = "not set"; // the name in the table's filter

/** The part of an axis between "not set" and its values, for an axis that begins at `least`. */
export const gapOf = (least) => [0.55 * least, 0.2 * least];

/** @returns {{ scale, low, high, ticks: [position, label][], position(value), absentAt: number | null }} */
export function makeScale(axis) {
  const absentAt = axis.is_conditional ? ABSENT_AT : null;
  const made = axis.scale === "category" ? categories(axis) : numbers(axis);
  const ticks = absentAt === null ? made.ticks : [[absentAt, NOT_SET], ...made.ticks];
  return { ...made, ticks, absentAt, least: absentAt === null ? 0 : absentAt - 0.04 };
}

function categories({ values }) {
  const position = (n) => (n === null || n === undefined ? null : (n + 0.5) / values.length);
  const every = Math.ceil(values.length / (2 * MOST_LABELS));
  const ticks = values.map((label, n) => [position(n), n % every ? "" : label]);
  return { scale: "category", values, ticks, position };
}

function numbers({ scale, low, high }) {
  const isLog = scale === "log";
  const to = isLog ? Math.log10 : (value) => value;
  const from = isLog ? (x) => 10 ** x : (x) => x;
  const first = low ?? 0, last = high ?? 1;
  const isOne = isFlat(first, last), within = placer([first, last], isLog);
  const position = (value) => (value === null || value === undefined ? null : isOne ? 0.5 : within(value));
  const value = (at) => from(to(first) * (1 - at) + to(last) * at);
  const found = isOne ? [first] : isLog ? logTicks(first, last) : fewTicks(first, last);
  const labels = isLog ? logLabels(found) : formatTicks(found);
  return { scale, low: first, high: last, position, value, ticks: found.map((tick, n) => [position(tick), labels[n]]) };
}

/** Round numbers within two others: about five of them. */
export const fewTicks = (low, high) => linearTicks(low, high, 6.25, [1, 2, 5, 10]);

/** An interval of an axis in the form of the address: a range, or the values within. */
export function toFilter(scale, [from, to]) {
  const hasAbsent = scale.absentAt !== null && scale.absentAt !== undefined;
  const absent = hasAbsent && from <= scale.absentAt && to >= scale.absentAt ? [NOT_SET] : [];
  if (scale.scale === "category") {
    return [...absent, ...scale.values.filter((_, n) => scale.position(n) >= from && scale.position(n) <= to)];
  }
  if (to < 0) return absent;
  if (from <= 0 && to >= 1) return hasAbsent && absent.length === 0 ? [`${rounded(scale.low, Math.floor)}..`] : [];
  return [...absent, ...rangeOf(scale, from, to)];
}

function rangeOf(scale, from, to) {
  const low = from <= 0 ? "" : rounded(scale.value(from), Math.floor), high = to >= 1 ? "" : rounded(scale.value(to), Math.ceil);
  return [`${low}..${high}`];
}

/** The intervals of an axis for the values of a parameter of the address. */
export function fromFilter(scale, texts) {
  const found = [];
  for (const text of texts) {
    if (text === NOT_SET && scale.absentAt != null) found.push([scale.least, scale.absentAt + (scale.absentAt - scale.least)]);
    const range = /^(\S*)\.\.(\S*)$/.exec(text);
    if (range && scale.scale !== "category") {
      const low = range[1] === "" ? 0 : scale.position(Number(range[1]));
      const high = range[2] === "" ? 1 : scale.position(Number(range[2]));
      if (Number.isFinite(low) && Number.isFinite(high)) found.push([Math.max(low, 0), Math.min(high, 1)]);
    } else if (scale.scale === "category") {
      const n = scale.values.indexOf(text);
      if (n >= 0) found.push([n / scale.values.length, (n + 1) / scale.values.length]);
    }
  }
  return joined(found);
}

/** Round to four digits, away from the interval's middle, so that what was brushed stays inside. */
function rounded(value, direction) {
  if (value === 0) return "0";
  const power = Math.floor(Math.log10(Math.abs(value))) - 3;
  const digits = direction(Number((value / 10 ** power).toFixed(6)));
  return String(Number(`${digits}e${power}`));
}

function joined(intervals) {
  const ordered = intervals.sort((a, b) => a[0] - b[0]);
  const result = [];
  for (const [low, high] of ordered) {
    const last = result.at(-1);
    if (last && low <= last[1] + 1e-9) last[1] = Math.max(last[1], high);
    else result.push([low, high]);
  }
  return result;
}
