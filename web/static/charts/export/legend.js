// The legend below an exported chart: names in columns, as many as there is room for.

import { runColor } from "../../lib/theme.js";

const ROW = 18;
const MOST = 60;

/** @returns {{group: SVGGElement, height: number}} */
export function drawnLegend(curves, colors, { left, top, width }, element) {
  const group = element("g", { fill: colors.text });
  const listed = curves.slice(0, MOST);
  const longest = Math.max(1, ...listed.map((curve) => Math.min(curve.name.length, 40)));
  const nColumns = Math.max(1, Math.min(listed.length, Math.floor(width / (longest * 6.8 + 32))));
  listed.forEach((curve, i) => {
    const x = left + (i % nColumns) * (width / nColumns), y = top + (Math.floor(i / nColumns) + 0.75) * ROW;
    group.append(element("circle", { cx: x + 4, cy: y - 4, r: 4, fill: runColor(curve.color, colors) }));
    group.append(element("text", { x: x + 14, y }, shortened(curve.name)));
  });
  const nRows = Math.ceil(listed.length / nColumns);
  if (curves.length <= MOST) return { group, height: nRows * ROW };
  group.append(element("text", { x: left, y: top + (nRows + 0.75) * ROW }, `and ${curves.length - MOST} more`));
  return { group, height: (nRows + 1) * ROW };
}

/** A long name keeps its beginning and its end. */
function shortened(name) {
  return name.length <= 40 ? name : `${name.slice(0, 28)}…${name.slice(-11)}`;
}
