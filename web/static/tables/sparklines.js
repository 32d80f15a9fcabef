// The small curves of the running runs: drawn by the server, as in the table.

import { formatNumber } from "../lib/format.js";

const SVG = "http://www.w3.org/2000/svg";
const BOX = "0 0 72 20"; // WIDTH and HEIGHT of sparkline.py

/** Put curves ([number of the run, path, low, high]) into the rows of the visible table. */
export function showCurves(curves) {
  for (const [index, path, low, high] of curves) {
    const row = document.querySelector(`#table-rows > #run-${index}`);
    const cell = row?.querySelector(".curve-cell");
    if (cell) show(cell.querySelector("svg") ?? begin(row, cell), path, low, high);
  }
}

function begin(row, cell) {
  const svg = document.createElementNS(SVG, "svg");
  const color = [...row.querySelector(".dot").classList].find((name) => name.startsWith("run-color-"));
  for (const [name, value] of [["class", `sparkline ${color}`], ["viewBox", BOX], ["role", "img"]]) svg.setAttribute(name, value);
  svg.append(document.createElementNS(SVG, "path"));
  cell.replaceChildren(svg);
  return svg;
}

function show(svg, path, low, high) {
  svg.setAttribute("aria-label", `from ${formatNumber(low)} to ${formatNumber(high)}`);
  svg.firstElementChild.setAttribute("d", path);
}
