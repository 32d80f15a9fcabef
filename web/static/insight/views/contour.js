// A value over two settings: interpolated between the runs, in steps of colour, with the runs as points.

import { formatNumber, middleCut } from "../../lib/format.js";
import { mixed } from "../../lib/theme.js";
import { tickedAxis, valueScale } from "../axes.js";
import { makeScale } from "../scale.js";
import { interpolated } from "../surface.js";
import { written } from "../quantities.js";

// fixed: the picture of the surface must match exactly
const EDGE = { left: 96, right: 20, top: 12, bottom: 44 };
const CELL_PX = 6, MANY = 400, N_STEPS = 10, MOST_LETTERS = 100;

export class View {
  dependsOnWidth = true;
  #points = [];
  #names = [];
  #what = "";
  #values = [];

  option(data, { colors, across, against, up, what, goal, width, height }) {
    const axes = [across, against].map((name) => data.axes.find((axis) => axis.name === name));
    if (axes.some((axis) => !axis)) return {};
    const scales = axes.map((axis) => ({ ...makeScale({ ...axis, is_conditional: false }), name: axis.name }));
    this.#names = [across, against];
    this.#what = what;
    this.#values = up ? data.runs.up : data.runs.value;
    const points = (this.#points = pointsOf(data, this.#values, scales));
    showLeftOut(data, this.#values, points.length);
    const colorOf = coloring(points, goal || (up ? "" : data.goal), colors);
    return {
      grid: { ...EDGE },
      xAxis: axisOf(scales[0], colors, { name: across, nameLocation: "middle", nameGap: 26 }),
      yAxis: axisOf(scales[1], colors, { name: against, nameLocation: "middle", nameGap: 76 }),
      graphic: [{ type: "image", z: -1, silent: true, left: EDGE.left, top: EDGE.top, style: surface(points, colorOf, width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom) }],
      series: [{
        type: "scatter", symbolSize: points.length > 1000 ? 4 : 8,
        data: points.map(({ x, y, z, place }) => ({ value: [x, y], itemStyle: { color: colorOf(z), borderColor: colors.text, borderWidth: 1, opacity: data.passes(place) ? 1 : 0.15 } })),
        emphasis: { scale: 1.6 },
      }],
    };
  }

  place({ dataIndex }) {
    return this.#points[dataIndex]?.place ?? null;
  }

  target(place) {
    const dataIndex = this.#points.findIndex((one) => one.place === place);
    return dataIndex < 0 ? null : { seriesIndex: 0, dataIndex };
  }

  lines(data, place) {
    const settings = this.#names.map((name) => [name, written(data.axes.find((axis) => axis.name === name), data.column(name)[place])]);
    return [...settings, [this.#what, formatNumber(this.#values[place])]];
  }
}

function pointsOf(data, values, [across, against]) {
  const [xs, ys] = [across, against].map(({ name }) => data.column(name));
  return values.flatMap((z, place) => {
    const x = across.position(xs[place]), y = against.position(ys[place]);
    return x === null || y === null || !Number.isFinite(z) ? [] : [{ place, x, y, z }];
  });
}

/** Runs with a value that lack one of the settings cannot be drawn. */
function showLeftOut(data, values, nShown) {
  const nMissing = values.filter(Number.isFinite).length - nShown;
  const note = document.querySelector("#insight-left-out");
  if (note) note.textContent = nMissing ? `${nMissing} without one of the settings are left out` : "";
}

function axisOf(scale, colors, more) {
  const ticks = scale.ticks.map(([at, label]) => [at, middleCut(label, Math.max(8, Math.min(12, MOST_LETTERS / scale.ticks.length)))]);
  return { ...tickedAxis(colors, ticks), min: 0, max: 1, ...more };
}

/** From the worst value to the best, in this many steps, or from the lowest to the highest. */
function coloring(points, goal, colors) {
  const scale = valueScale(points.map(({ z }) => z), goal || null);
  const all = points.map(({ z }) => scale.to(z)), low = Math.min(...all), high = Math.max(...all);
  return (z) => {
    const part = high > low ? (scale.to(z) - low) / (high - low) : 1;
    const place = Math.min(N_STEPS - 1, Math.floor(N_STEPS * part)) / (N_STEPS - 1);
    return mixed(colors.ramp, Math.max(0, goal === "min" ? 1 - place : place));
  };
}

/**
 * The picture of the surface, a rectangle of one colour for each cell. Nothing if no run is near.
 */
function surface(points, colorOf, width, height) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  const cell = points.length > MANY ? 2 * CELL_PX : CELL_PX, nColumns = Math.max(1, Math.round(width / cell)), nRows = Math.max(1, Math.round(height / cell));
  Object.assign(canvas, { width: nColumns, height: nRows });
  interpolated(points, nColumns, nRows, width / height).forEach((z, n) => {
    if (z === null) return;
    context.fillStyle = colorOf(z);
    context.fillRect(n % nColumns, nRows - 1 - Math.floor(n / nColumns), 1, 1);
  });
  return { image: canvas, width: Math.max(1, width), height: Math.max(1, height), opacity: 0.85 };
}
