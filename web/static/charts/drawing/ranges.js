// The part of the plane that a chart shows of its curves. Pure.

import { lowerBound } from "../data/columns.js";

const FINE = 2 ** -48; // sixteen of the steps of a number this large
const FARTHEST = 1e19; // farther than a step can be

/**
 * The visible part of the x axis: the zoomed part, as far as numbers can be distinguished there.
 */
export function shownX(curves, { zoom, isLogX }) {
  const all = zoom && !(isLogX && zoom[0] <= 0) ? null : xRange(curves, isLogX);
  const [low, high] = (zoom ?? all).map((end, i) => Math.min(FARTHEST, Math.max(-FARTHEST, isLogX && end <= 0 ? all[i] : end)));
  if (isLogX) return high > low * (1 + 1e-9) ? [low, high] : [low / 2, low * 2];
  const least = Math.max(1e-6, Math.max(Math.abs(low), Math.abs(high)) * FINE), middle = low + (high - low) / 2;
  return high - low >= least ? [low, high] : [middle - least / 2, middle + least / 2];
}

/** From the first to the last x of all curves. */
function xRange(curves, isLog) {
  let low = Infinity, high = -Infinity;
  for (const { x } of curves) {
    if (x.length === 0) continue;
    low = Math.min(low, x[0]);
    high = Math.max(high, x.at(-1));
  }
  if (low > high) return isLog ? [1, 10] : [0, 1];
  if (low < high) return [low, high];
  return isLog ? [low / 2, low * 2] : [low - 1, high + 1];
}

/** The indices of a curve between two x, including the neighbours outside. */
export function span(x, [from, to]) {
  return [Math.max(0, lowerBound(x, from) - 1), Math.min(x.length - 1, lowerBound(x, to))];
}

/**
 * The values between two x with some room around them; `outliers` > 0: from that quantile to the
 * one as far from the other end; `low`, `high`: an end that a reader chose.
 */
export function yRange(curves, range, { isLogY, outliers, low = null, high = null }) {
  const extent = outliers > 0 ? quantiles(curves, range, outliers) : extremes(curves, range);
  const found = !extent ? (isLogY ? [0.1, 1] : [0, 1]) : isLogY ? times(extent) : withRoom(extent, 0.06);
  return withEnds(found, isLogY && low <= 0 ? null : low, isLogY && high <= 0 ? null : high, isLogY);
}

/** A range with one end or both replaced, and never empty. */
function withEnds([first, last], low, high, isLog) {
  if (low === null && high === null) return [first, last];
  const from = low ?? (first < high ? first : isLog ? high / 10 : high - Math.max(1, Math.abs(high) / 10));
  const to = high ?? (last > low ? last : isLog ? low * 10 : low + Math.max(1, Math.abs(low) / 10));
  return [from, to];
}

/** Whether values may be outside of the visible part. */
export const isClipped = ({ outliers, low = null, high = null, rightLow = null, rightHigh = null }) => outliers > 0 || [low, high, rightLow, rightHigh].some((end) => end !== null);

/** A view for the right axis. */
export const ofRight = (view) => ({ ...view, low: view.rightLow, high: view.rightHigh });

const LARGEST = Number.MAX_VALUE, LEAST = Number.MIN_VALUE;
const TINY = 1e-300; // smaller than this is nothing
const ROUNDING = 1e-13; // a relative change below this is only rounding

/** Whether two values are equal, apart from rounding. */
export const isFlat = (low, high) => high - low <= Math.max(Math.abs(low), Math.abs(high)) * ROUNDING || high - low < TINY;

/**
 * A range extended by a part of it at both ends. Around a flat one by about a tenth of its size.
 */
export function withRoom([low, high], part) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // a round number at the edge would collide with x
  const room = !isFlat(low, high) ? high * part - low * part : (size < TINY ? 1 : size * 0.1) * 1.2;
  return [Math.max(-LARGEST, low - room), Math.min(LARGEST, high + room)];
}

/** The position of a value between two others: 0 at the first, 1 at the second. */
export function placer([low, high], isLog) {
  // the difference of two such may overflow
  const unit = Math.max(Math.abs(low), Math.abs(high)) > 1e300 ? 1e-9 : 1;
  const to = isLog ? Math.log10 : (value) => value * unit;
  const first = to(low), perLength = 1 / (to(high) - first);
  return (value) => (to(value) - first) * perLength;
}

function times([low, high]) {
  const factor = isFlat(low, high) ? 2.2 : 1.1;
  return [Math.max(LEAST, low / factor), Math.min(LARGEST, high * factor)];
}

function extremes(curves, range) {
  let low = Infinity, high = -Infinity;
  const take = (value) => {
    if (value == null) return;
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const curve of curves) {
    const [first, last] = span(curve.x, range);
    for (let i = first; i <= last; i++) {
      take(curve.y[i]);
      if (curve.raw) take(curve.raw[i]);
      if (curve.low) take(curve.low[i]), take(curve.high[i]);
    }
  }
  return low <= high ? [low, high] : null;
}

function quantiles(curves, range, part) {
  const values = [];
  for (const curve of curves) {
    const [first, last] = span(curve.x, range);
    const logged = curve.raw ?? curve.y;
    for (let i = first; i <= last; i++) if (logged[i] != null) values.push(logged[i]);
  }
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (quantile) => sorted[Math.round(quantile * (sorted.length - 1))];
  return [at(part), at(1 - part)];
}

/**
 * At how many places a curve goes above and below the visible part: its line, for a smoothed one
 * also as logged, which is cut as well, or the band of a group. A place counts once for each
 * direction.
 */
export function countOutside(curves, range, [low, high]) {
  let above = 0, below = 0;
  for (const curve of curves) {
    const [first, last] = span(curve.x, range);
    for (let i = first; i <= last; i++) {
      if (curve.x[i] < range[0] || curve.x[i] > range[1]) continue;
      if (isAbove(curve, i, high)) above += 1;
      if (isBelow(curve, i, low)) below += 1;
    }
  }
  return { above, below };
}

/** Whether one of the lines of a curve, or its band, is above (below) a value at its point `i`. */
export const isAbove = ({ y, raw, high: edge }, i, high) => exceeds(y, i, high) || exceeds(raw, i, high) || exceeds(edge, i, high);
export const isBelow = ({ y, raw, low: edge }, i, low) => undercuts(y, i, low) || undercuts(raw, i, low) || undercuts(edge, i, low);
const exceeds = (line, i, high) => line?.[i] != null && line[i] > high;
const undercuts = (line, i, low) => line?.[i] != null && line[i] < low;
