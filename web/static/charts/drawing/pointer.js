// What a chart shows about the place under the pointer. Pure.

import { nearestIndex } from "../data/columns.js";

/**
 * The point nearest to a place: for each curve the one nearest in x, and of those the nearest.
 *
 * @param {(curve: object) => {toX: (x: number) => number, toY: (y: number) => number, left: number, width: number}} geometryOf
 *   the plane of a curve, in the pixels of `left` and `top`
 * @param {number} at  the x of `left`
 */
export function nearestPoint(curves, geometryOf, at, left, top) {
  let nearest = null;
  const planes = [curves.find((curve) => !curve.isRight), curves.find((curve) => curve.isRight)].map((curve) => curve && geometryOf(curve));
  for (const curve of curves) {
    const geometry = planes[curve.isRight ? 1 : 0];
    const point = pointAt(curve, geometry, at);
    if (!point || point.left < geometry.left - 1 || point.left > geometry.left + geometry.width + 1) continue;
    const distance = Math.hypot(point.left - left, point.top - top);
    if (!nearest || distance < nearest.distance) nearest = { ...point, distance };
  }
  return nearest;
}

/** The point of a curve that is nearest in x, or null if it has no value there. */
export function pointAt(curve, geometry, at) {
  const i = nearestIndex(curve.x, at);
  if (i < 0 || curve.y[i] == null) return null;
  const y = Math.min(geometry.y.max, Math.max(geometry.y.min, curve.y[i])); // a clipped one: at the edge
  return { curve, i, left: geometry.toX(curve.x[i]), top: geometry.toY(y) };
}

/**
 * The curves with a value at `at`, the highest first, metric by metric: `most` of them around the
 * one pointed at. A curve that does not reach that far has none there.
 */
export function listAt(curves, at, pointedId, most) {
  const found = [];
  for (const curve of curves) {
    const i = nearestIndex(curve.x, at);
    if (i < 0 || curve.y[i] == null || isBeyond(curve.x, at, i)) continue;
    found.push({ curve, i, y: curve.y[i] });
  }
  found.sort((a, b) => (a.curve.place ?? 0) - (b.curve.place ?? 0) || b.y - a.y);
  const place = Math.max(0, found.findIndex(({ curve }) => curve.id === pointedId));
  const from = Math.max(0, Math.min(place - Math.floor(most / 2), found.length - most));
  return { shown: found.slice(from, from + most), nAbove: from, nBelow: Math.max(0, found.length - from - most) };
}

/** Whether `at` is farther from the end of a curve than its last points are apart. */
function isBeyond(x, at, i) {
  if (at >= x[0] && at <= x.at(-1)) return false;
  const gap = x.length > 1 ? (i === 0 ? x[1] - x[0] : x.at(-1) - x.at(-2)) : 0;
  return Math.abs(at - x[i]) > gap;
}
