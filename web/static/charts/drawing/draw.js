// Curves on a canvas: bands, lines, gaps, and marks for values outside.

import { tracePath } from "../data/columns.js";
import { isAbove, isBelow, placer, span } from "./ranges.js";
import { runColor } from "../../lib/theme.js";

const LINE_WIDTH = 1.5;
const BEST_WIDTH = 3;
const MOST_WIDE = 30; // many curves are thin: easier to distinguish, and drawn twenty times as fast

/** The positions of values on a plane of pixels: its `bbox`, and the scales. */
export function geometryOf(bbox, scales, view) {
  const { left, top, width, height } = bbox;
  const { x, y } = scales;
  const placeX = placer([x.min, x.max], view.isLogX), placeY = placer([y.min, y.max], view.isLogY);
  return {
    ...bbox, x, y,
    toX: (value) => left + placeX(value) * width,
    toY: (value) => top + height - placeY(value) * height,
  };
}

/**
 * Draw all of `curves`, of `nCurves` that the chart draws; `pixel` is how many pixels of the canvas
 * make one of the screen.
 */
export function drawCurves(ctx, geometry, curves, { pixel, isClipped, isFront = false, nCurves = curves.length }) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(geometry.left, geometry.top, geometry.width, geometry.height);
  ctx.clip();
  ctx.lineCap = "round";
  ctx.lineJoin = isFront ? "round" : "bevel"; // hardly visible, and twice as fast
  const width = isFront ? 2.25 * pixel : nCurves > MOST_WIDE ? 1 : LINE_WIDTH * pixel;
  for (const curve of bestLast(curves)) {
    ctx.strokeStyle = ctx.fillStyle = runColor(isFront ? curve.own ?? curve.color : curve.color);
    if (curve.low) fillBand(ctx, geometry, curve);
    if (curve.abandoned) strokeLine(ctx, geometry, curve.abandoned, curve.abandoned.y, 0.3, pixel);
    if (curve.raw) strokeLine(ctx, geometry, curve, curve.raw, 0.25, pixel);
    if (curve.dash?.length) ctx.setLineDash(curve.dash.map((length) => length * pixel));
    strokeLine(ctx, geometry, curve, curve.fewer ? curve.all : curve.y, 1, curve.isBest ? BEST_WIDTH * pixel : width, 2.5 * pixel);
    if (curve.dash?.length) ctx.setLineDash([]);
    if (curve.fewer) strokeDashed(ctx, geometry, curve, width, pixel);
    if (curve.nNan || curve.value.includes(null)) markGaps(ctx, geometry, curve, 3 * pixel);
    if (isClipped) markOutside(ctx, geometry, curve, 4 * pixel);
  }
  ctx.restore();
}

/** Put the best run over the others. */
function bestLast(curves) {
  const best = curves.filter((curve) => curve.isBest);
  return best.length ? [...curves.filter((curve) => !curve.isBest), ...best] : curves;
}

function strokeLine(ctx, geometry, curve, values, alpha, width, dotRadius = width) {
  const [from, to] = span(curve.x, [geometry.x.min, geometry.x.max]);
  if (from > to) return;
  const path = new Path2D();
  const lonely = tracePath(path, curve.x, values, from, to, geometry.toX, geometry.toY);
  ctx.globalAlpha = alpha;
  ctx.lineWidth = width;
  ctx.stroke(path);
  for (const i of lonely) {
    ctx.beginPath();
    ctx.arc(geometry.toX(curve.x[i]), geometry.toY(values[i]), dotRadius, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** Where runs of a group have ended, the mean is over fewer of them. */
function strokeDashed(ctx, geometry, curve, width, pixel) {
  ctx.setLineDash([4 * pixel, 4 * pixel]);
  strokeLine(ctx, geometry, curve, curve.fewer, 0.7, width);
  ctx.setLineDash([]);
}

function fillBand(ctx, geometry, curve) {
  const path = new Path2D();
  traceBand(path, curve, geometry);
  ctx.globalAlpha = 0.16;
  ctx.fill(path);
}

/** The area between `low` and `high`, in as many pieces as there are stretches with both. */
export function traceBand(path, { x, low, high }, geometry) {
  const bottom = geometry.top + geometry.height;
  const [from, to] = span(x, [geometry.x.min, geometry.x.max]);
  for (let i = from; i <= to; i++) {
    if (high[i] == null) continue;
    const start = i;
    for (; i <= to && high[i] != null; i++) (i === start ? path.moveTo : path.lineTo).call(path, geometry.toX(x[i]), geometry.toY(high[i]));
    for (let k = i - 1; k >= start; k--) path.lineTo(geometry.toX(x[k]), low[k] == null ? bottom : geometry.toY(low[k]));
    path.closePath();
  }
}

/**
 * NaN and infinities, in a group of any of its runs: a gap if nothing else is there, and a cross at
 * the lower edge.
 */
function markGaps(ctx, geometry, curve, size) {
  const y = geometry.top + geometry.height - size - 1;
  ctx.globalAlpha = 1;
  ctx.lineWidth = size / 2;
  ctx.beginPath();
  for (const x of gapsOf(curve, geometry, 2 * size)) {
    ctx.moveTo(x - size, y - size);
    ctx.lineTo(x + size, y + size);
    ctx.moveTo(x + size, y - size);
    ctx.lineTo(x - size, y + size);
  }
  ctx.stroke();
}

/** The places of marks for a curve's gaps: at least `distance` apart. */
export function gapsOf(curve, geometry, distance) {
  const isGap = curve.nNan ? (i) => curve.nNan[i] > 0 : (i) => curve.value[i] == null;
  return spacedOut(curve, geometry, distance, isGap);
}

/** Values beyond the upper or lower edge: a triangle there that points at them. */
function markOutside(ctx, geometry, curve, size) {
  ctx.globalAlpha = 1;
  for (const { x, y, direction } of outsideOf(curve, geometry, size)) {
    ctx.beginPath();
    ctx.moveTo(x - size, y);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + direction * size);
    ctx.fill();
  }
}

export function outsideOf(curve, geometry, size) {
  const { top, height, y } = geometry;
  const above = spacedOut(curve, geometry, 2 * size, (i) => isAbove(curve, i, y.max));
  const below = spacedOut(curve, geometry, 2 * size, (i) => isBelow(curve, i, y.min));
  return [
    ...above.map((x) => ({ x, y: top + size + 1, direction: -1 })),
    ...below.map((x) => ({ x, y: top + height - size - 1, direction: 1 })),
  ];
}

/** The places of marks of half that width, none of them cut at the left or right edge. */
function spacedOut(curve, geometry, distance, isMarked) {
  const { left, width } = geometry, { min, max } = geometry.x;
  const [from, to] = span(curve.x, [min, max]);
  const found = [];
  let last = -Infinity;
  for (let i = from; i <= to; i++) {
    if (curve.x[i] < min || curve.x[i] > max || !isMarked(i)) continue;
    const x = Math.min(left + width - distance / 2, Math.max(left + distance / 2, geometry.toX(curve.x[i])));
    if (x - last < distance) continue;
    last = x;
    found.push(x);
  }
  return found;
}
