// A chart as a standalone SVG: the same curves as lines, not as pixels. Nothing in it refers to the
// page, so that it looks the same everywhere.

import { drawnLegend } from "./legend.js";
import { tracePath } from "../data/columns.js";
import { gapsOf, geometryOf, outsideOf, traceBand } from "../drawing/draw.js";
import { isClipped, span } from "../drawing/ranges.js";
import { withoutOverlap } from "../drawing/ticks.js";
import { xLabelOf } from "../drawing/axes.js";
import { runColor } from "../../lib/theme.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
const WIDTH = 800, PLOT_HEIGHT = 400;
const EDGE = { left: 76, right: 36, top: 48, bottom: 52 };
const LETTER_PX = 6.8;

/**
 * @param {object} picture  what the chart shows: see Chart.picture
 * @param {{text: string, muted: string, grid: string, surface: string, runs: string[]}} colors
 * @returns {SVGSVGElement}
 */
export function pictureToSvg({ title, view, curves, scales, labels, note }, colors) {
  const longest = Math.max(...(labels.y?.labels ?? []).map((label) => label.length), 0);
  const left = Math.max(EDGE.left, longest * LETTER_PX + 16);
  const hasRight = curves.some((curve) => curve.isRight), right = hasRight ? EDGE.left : EDGE.right;
  const bbox = { left, top: EDGE.top, width: WIDTH - left - right, height: PLOT_HEIGHT - EDGE.top - EDGE.bottom };
  const geometry = geometryOf(bbox, scales, view), ofRight = geometryOf(bbox, { x: scales.x, y: scales.right ?? scales.y }, view);
  const legend = drawnLegend(curves, colors, { left, top: PLOT_HEIGHT + 8, width: bbox.width }, element);
  const height = PLOT_HEIGHT + legend.height + 12;
  const root = element("svg", { xmlns: NAMESPACE, width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, "font-family": FONT, "font-size": 12 });
  root.append(
    element("title", {}, title),
    element("rect", { width: WIDTH, height, fill: colors.surface }),
    element("text", { x: left, y: 28, "font-size": 16, "font-weight": 600, fill: colors.text }, title),
    element("text", { x: WIDTH - EDGE.right, y: 40, "text-anchor": "end", fill: colors.muted }, note),
    axesGroup(geometry, view, labels, colors),
    ...(hasRight ? [rightAxis(ofRight, labels.right, colors)] : []),
    curvesGroup((curve) => (curve.isRight ? ofRight : geometry), view, curves, colors),
    legend.group,
  );
  return root;
}

export function svgText(root) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
}

function axesGroup(geometry, view, { x, y }, colors) {
  const { left, top, width, height } = geometry;
  const bottom = top + height;
  const group = element("g", { fill: colors.muted });
  const shown = x && withoutOverlap(x.labels, x.ticks.map(geometry.toX), WIDTH, LETTER_PX);
  each(y, (tick, label) => {
    const at = geometry.toY(tick);
    if (at < top - 0.5 || at > bottom + 0.5) return;
    group.append(element("line", { x1: left, x2: left + width, y1: at, y2: at, stroke: colors.grid }));
    group.append(element("text", { x: left - 8, y: at + 4, "text-anchor": "end" }, label));
  });
  each(x && { ticks: x.ticks, labels: shown }, (tick, label) => {
    const at = geometry.toX(tick);
    if (at < left - 0.5 || at > left + width + 0.5) return;
    group.append(element("text", { x: at, y: bottom + 20, "text-anchor": "middle" }, label));
  });
  group.append(element("text", { x: left + width / 2, y: bottom + 42, "text-anchor": "middle" }, xLabelOf(view, geometry.x.min, geometry.x.max)));
  return group;
}

function rightAxis(geometry, axis, colors) {
  const { left, top, width, height } = geometry, group = element("g", { fill: colors.muted });
  each(axis, (tick, label) => {
    const at = geometry.toY(tick);
    if (at >= top - 0.5 && at <= top + height + 0.5) group.append(element("text", { x: left + width + 8, y: at + 4 }, label));
  });
  return group;
}

function each(axis, draw) {
  axis?.ticks.forEach((tick, i) => tick != null && axis.labels[i] && draw(tick, axis.labels[i]));
}

function curvesGroup(geometryFor, view, curves, colors) {
  const { left, top, width, height } = geometryFor({});
  const frame = element("clipPath", { id: "frame" });
  frame.append(element("rect", { x: left, y: top, width, height }));
  const group = element("g", { "clip-path": "url(#frame)", fill: "none", "stroke-linejoin": "round", "stroke-linecap": "round" });
  group.append(frame, ...curves.map((curve) => curveGroup(geometryFor(curve), view, curve, colors)));
  return group;
}

function curveGroup(geometry, view, curve, colors) {
  const color = runColor(curve.color, colors);
  const group = element("g", { stroke: color });
  group.append(element("title", {}, curve.name));
  if (curve.low) group.append(element("path", { d: pathOf((path) => traceBand(path, curve, geometry)), fill: color, "fill-opacity": 0.16, stroke: "none" }));
  if (curve.raw) group.append(line(geometry, curve, curve.raw, { "stroke-opacity": 0.25 }));
  group.append(line(geometry, curve, curve.fewer ? curve.all : curve.y, { "stroke-width": 1.75, ...(curve.dash?.length && { "stroke-dasharray": curve.dash.join(" ") }) }));
  if (curve.fewer) group.append(line(geometry, curve, curve.fewer, { "stroke-width": 1.75, "stroke-dasharray": "4 4", "stroke-opacity": 0.7 }));
  const y = geometry.top + geometry.height - 4;
  for (const x of gapsOf(curve, geometry, 6)) group.append(element("path", { d: `M${x - 3} ${y - 3}l6 6m0 -6l-6 6` }));
  if (!isClipped(view)) return group;
  for (const { x, y: at, direction } of outsideOf(curve, geometry, 4)) {
    group.append(element("path", { d: `M${round(x - 4)} ${at}h8l-4 ${4 * direction}z`, fill: color, stroke: "none" }));
  }
  return group;
}

function line(geometry, curve, values, attributes) {
  const [from, to] = span(curve.x, [geometry.x.min, geometry.x.max]);
  const path = pathOf((target) => {
    if (from > to) return;
    for (const i of tracePath(target, curve.x, values, from, to, geometry.toX, geometry.toY)) {
      target.moveTo(geometry.toX(curve.x[i]), geometry.toY(values[i])); // a point without neighbours:
      target.lineTo(geometry.toX(curve.x[i]) + 0.01, geometry.toY(values[i])); // the round end of a line
    }
  });
  return element("path", { d: path, ...attributes });
}

function pathOf(trace) {
  const parts = [];
  trace({
    moveTo: (x, y) => parts.push(`M${round(x)} ${round(y)}`),
    lineTo: (x, y) => parts.push(`L${round(x)} ${round(y)}`),
    closePath: () => parts.push("Z"),
  });
  return parts.join("");
}

const round = (pixels) => Math.round(pixels * 100) / 100;

function element(name, attributes, text) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) if (key !== "xmlns") made.setAttribute(key, value);
  // XML has no representation of control characters
  if (text !== undefined) made.textContent = String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return made;
}
