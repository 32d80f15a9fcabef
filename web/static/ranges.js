// Which part of the plane a chart shows of its curves. Pure.

import { lowerBound } from "./columns.js";

/** From the first to the last x of all curves. */
export function xRange(curves, isLog) {
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

/** The indices of a curve between two x, the neighbours outside included. */
export function span(x, [from, to]) {
  return [Math.max(0, lowerBound(x, from) - 1), Math.min(x.length - 1, lowerBound(x, to))];
}

/**
 * The values between two x with some room around them; `outliers` > 0: from that quantile to the
 * one as far from the other end.
 */
export function yRange(curves, range, { isLogY, outliers }) {
  const extent = outliers > 0 ? quantiles(curves, range, outliers) : extremes(curves, range);
  if (!extent) return isLogY ? [0.1, 1] : [0, 1];
  const [low, high] = extent;
  if (isLogY) return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
  const padding = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
  return [low - padding, high + padding];
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
 * At how many places a curve goes above and below what is shown: its line, of a smoothed one that as
 * logged, too, which is cut as well, or the band of a group. A place counts once for each direction.
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

/** Whether one of the lines of a curve, or its band, lies above (below) a value at its point `i`. */
export const isAbove = ({ y, raw, high: edge }, i, high) => exceeds(y, i, high) || exceeds(raw, i, high) || exceeds(edge, i, high);
export const isBelow = ({ y, raw, low: edge }, i, low) => undercuts(y, i, low) || undercuts(raw, i, low) || undercuts(edge, i, low);
const exceeds = (line, i, high) => line?.[i] != null && line[i] > high;
const undercuts = (line, i, low) => line?.[i] != null && line[i] < low;
