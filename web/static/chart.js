// One chart: a metric of several runs over the step. uPlot supplies scales, axes, cursor and
// dragging; the curves are drawn from each run's own columns, so runs need not share their steps.

import { appendPoints, lowerBound, nearestIndex, smooth, tracePath, valueExtent } from "./columns.js";
import { formatStep, formatTicks } from "./format.js";
import { logLabels, logTicks } from "./log_ticks.js";
import { theme } from "./theme.js";
import { Tooltip } from "./tooltip.js";

const LINE_WIDTH = 1.5;
const LOG_AXIS = {
  splits: (u, axis, low, high) => logTicks(low, high),
  filter: (u, ticks) => ticks,
  values: (u, ticks) => logLabels(ticks),
};
const SINCE_START_S = 1e8; // smaller wall times count from the start of the run (the original tool)

export class Chart {
  metric;
  element;
  #store;
  #plot = null;
  #tooltip = null;
  #mark = null;
  #runs = [];
  #zoom = null;
  #detail = null;
  #detailTimer = 0;
  #options = { smoothing: 0, isLog: false };
  #pointedRun = null;
  #isPointed = false;
  #hooks;
  #resizing = null;
  #parts;

  /** @param {{onZoom: (range: [number, number] | null) => void, onPoint: (runId: string | null) => void, emptyText: () => string}} hooks */
  constructor(metric, store, syncKey, hooks) {
    this.metric = metric;
    this.#store = store;
    this.#hooks = { ...hooks, syncKey };
    this.#parts = frame(metric, () => hooks.onZoom(null));
    this.element = this.#parts.root;
  }

  get #isLoaded() {
    return this.#plot !== null && this.#runs.every((run) => this.#store.series(run.id, this.metric));
  }

  get isBuilt() {
    return this.#plot !== null;
  }

  /** Create the canvas, once the chart is in the document and in view. */
  build() {
    if (this.#plot || !globalThis.uPlot) return;
    const { plot } = this.#parts;
    this.#plot = new uPlot(this.#uplotOptions(plot), [[0, 1], [0, 1]], plot);
    const { over } = this.#plot;
    this.#tooltip = new Tooltip(over);
    this.#mark = document.createElement("div");
    this.#mark.hidden = true;
    over.append(this.#mark);
    over.addEventListener("mouseenter", () => (this.#isPointed = true));
    over.addEventListener("mouseleave", () => this.#leave());
    this.#resizing ??= new ResizeObserver(() => this.#plot?.setSize(sizeOf(plot)));
    this.#resizing.observe(plot);
    this.draw();
  }

  destroy() {
    clearTimeout(this.#detailTimer);
    this.#resizing?.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
    this.element.remove();
  }

  setRuns(runs) {
    this.#runs = runs;
    if (this.#zoom) this.#planDetail();
  }

  setOptions(options) {
    const isScaleNew = options.isLog !== this.#options.isLog;
    this.#options = { ...options };
    if (isScaleNew && this.#plot) this.#rebuild();
    this.draw();
  }

  /** Bring one run to the front in all charts; null: none. */
  highlight(runId) {
    if (this.#pointedRun === runId) return;
    this.#pointedRun = runId;
    this.#plot?.redraw(false);
  }

  /** Show only these steps; null: all. */
  zoomTo(range) {
    this.#zoom = range;
    this.#detail = null;
    this.#parts.reset.hidden = range === null;
    this.draw();
    this.#planDetail();
  }

  /** New points of this metric go into the detail on show, too. */
  append(runId, points) {
    const columns = this.#detail?.get(runId);
    if (columns) appendPoints(columns, points);
  }

  /** Bring the canvas up to what the store knows now. */
  draw() {
    this.#describe();
    if (!this.#plot) return;
    const x = this.#zoom ?? this.#stepExtent();
    const y = this.#valueRange(x);
    this.#plot.batch(() => {
      this.#plot.setScale("x", { min: x[0], max: x[1] });
      this.#plot.setScale("y", { min: y[0], max: y[1] });
    });
  }

  #describe() {
    const known = this.#runs.map((run) => this.#store.series(run.id, this.metric)).filter((series) => series?.count);
    const { root, empty } = this.#parts;
    root.dataset.points = known.reduce((sum, series) => sum + series.count, 0);
    root.dataset.runs = known.length;
    root.setAttribute("aria-label", `${this.metric} over the step, ${known.length} run${known.length === 1 ? "" : "s"}`);
    empty.textContent = this.#hooks.emptyText();
    empty.hidden = known.length > 0 || !this.#isLoaded;
  }

  #series(run) {
    const series = this.#store.series(run.id, this.metric);
    const columns = this.#detail?.get(run.id) ?? series?.columns;
    return columns?.step.length ? columns : null;
  }

  #values(columns) {
    const values = smooth(columns.value, this.#options.smoothing);
    return this.#options.isLog ? values.map((value) => (value > 0 ? value : null)) : values;
  }

  #stepExtent() {
    let low = Infinity, high = -Infinity;
    for (const run of this.#runs) {
      const columns = this.#series(run);
      if (!columns) continue;
      low = Math.min(low, columns.step[0]);
      high = Math.max(high, columns.step.at(-1));
    }
    if (low > high) return [0, 1];
    return low === high ? [low - 1, high + 1] : [low, high];
  }

  #valueRange([from, to]) {
    let low = Infinity, high = -Infinity;
    for (const run of this.#runs) {
      const columns = this.#series(run);
      const extent = columns && valueExtent(columns, this.#values(columns), from, to);
      if (!extent) continue;
      low = Math.min(low, extent[0]);
      high = Math.max(high, extent[1]);
    }
    if (low > high) return this.#options.isLog ? [0.1, 1] : [0, 1];
    if (this.#options.isLog) return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
    const padding = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
    return [low - padding, high + padding];
  }

  #rebuild() {
    this.#plot.destroy();
    this.#plot = null;
    this.build();
  }

  #uplotOptions(plot) {
    const asGiven = (u, min, max) => [min, max];
    const axis = { stroke: () => theme().text, font: "11px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: () => theme().grid, width: 1 };
    return {
      ...sizeOf(plot),
      padding: [8, 14, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, auto: false, range: asGiven },
        y: { auto: false, range: asGiven, distr: this.#options.isLog ? 3 : 1 },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 26, gap: 4, space: 50, incrs: wholeSteps(), values: (u, ticks) => ticks.map(formatStep) },
        { ...axis, grid, gap: 6, space: 36, size: axisWidth, ...(this.#options.isLog ? LOG_AXIS : { values: (u, ticks) => formatTicks(ticks) }) },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: 4 },
        bind: { dblclick: () => () => this.#hooks.onZoom(null) },
        sync: { key: this.#hooks.syncKey, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      },
      hooks: {
        draw: [(u) => this.#drawCurves(u)],
        setCursor: [(u) => this.#point(u)],
        setSelect: [(u) => this.#select(u)],
      },
    };
  }

  #drawCurves(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineJoin = ctx.lineCap = "round";
    const isOneShown = this.#runs.length > 1 && this.#runs.some((run) => run.id === this.#pointedRun && this.#series(run));
    const inOrder = [...this.#runs].sort((a, b) => (a.id === this.#pointedRun) - (b.id === this.#pointedRun));
    for (const run of inOrder) {
      const columns = this.#series(run);
      if (!columns) continue;
      const isFaint = isOneShown && run.id !== this.#pointedRun;
      const isFront = isOneShown && !isFaint;
      if (this.#options.smoothing > 0) this.#drawCurve(u, run, columns, this.#raw(columns), { alpha: isFaint ? 0.08 : 0.25, width: 1 });
      this.#drawCurve(u, run, columns, this.#values(columns), { alpha: isFaint ? 0.25 : 1, width: isFront ? 2.25 : LINE_WIDTH });
      this.#drawGaps(u, run, columns);
    }
    ctx.restore();
  }

  #raw(columns) {
    return this.#options.isLog ? columns.value.map((value) => (value > 0 ? value : null)) : columns.value;
  }

  #drawCurve(u, run, columns, values, { alpha, width }) {
    const { ctx } = u;
    const { toX, toY, from, to } = this.#projection(u, columns);
    if (from > to) return;
    const path = new Path2D();
    const lonely = tracePath(path, columns.step, values, from, to, toX, toY);
    ctx.globalAlpha = alpha;
    ctx.strokeStyle = ctx.fillStyle = theme().runs[run.color % theme().runs.length];
    ctx.lineWidth = width * uPlot.pxRatio;
    ctx.stroke(path);
    for (const i of lonely) {
      ctx.beginPath();
      ctx.arc(toX(columns.step[i]), toY(values[i]), 2.5 * uPlot.pxRatio, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  /** NaN and infinities: a gap in the curve, and a mark at the lower edge. */
  #drawGaps(u, run, columns) {
    const { ctx, bbox } = u;
    const { toX, from, to } = this.#projection(u, columns);
    const size = 3 * uPlot.pxRatio;
    const y = bbox.top + bbox.height - size - 1;
    ctx.globalAlpha = 1;
    ctx.lineWidth = LINE_WIDTH * uPlot.pxRatio;
    ctx.beginPath();
    let last = -Infinity;
    for (let i = from; i <= to; i++) {
      const x = columns.value[i] == null ? toX(columns.step[i]) : last;
      if (x - last < 2 * size) continue;
      last = x;
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y + size);
      ctx.moveTo(x + size, y - size);
      ctx.lineTo(x - size, y + size);
    }
    ctx.stroke();
  }

  #projection(u, columns) {
    const { bbox } = u;
    const { x, y } = u.scales;
    const scaled = this.#options.isLog ? Math.log10 : (value) => value;
    const low = scaled(y.min), perUnitY = bbox.height / (scaled(y.max) - low), perUnitX = bbox.width / (x.max - x.min);
    return {
      toX: (step) => bbox.left + (step - x.min) * perUnitX,
      toY: (value) => bbox.top + bbox.height - (scaled(value) - low) * perUnitY,
      from: Math.max(0, lowerBound(columns.step, x.min) - 1),
      to: Math.min(columns.step.length - 1, lowerBound(columns.step, x.max)),
    };
  }

  #point(u) {
    if (!this.#isPointed || u.cursor.left < 0) return;
    const found = this.#nearest(u, u.cursor.left, u.cursor.top);
    if (!found) return this.#hidePoint();
    const { run, x, y, step, value, wallTime } = found;
    this.#mark.hidden = false;
    this.#mark.className = `point-mark run-color-${run.color}`;
    this.#mark.style.transform = `translate(${x}px, ${y}px)`;
    const elapsed = wallTime < SINCE_START_S ? wallTime : wallTime - (run.started_at ?? wallTime);
    this.#tooltip.show({ x, y, width: u.over.clientWidth, run, value, step, elapsed });
    this.#hooks.onPoint(run.id);
  }

  /** The point nearest to the pointer: of each run the one nearest in step, of those the nearest. */
  #nearest(u, left, top) {
    const at = u.posToVal(left, "x");
    let nearest = null;
    for (const run of this.#runs) {
      const columns = this.#series(run);
      const i = columns ? nearestIndex(columns.step, at) : -1;
      const value = i < 0 ? null : this.#values(columns)[i];
      if (value == null) continue;
      const x = u.valToPos(columns.step[i], "x"), y = u.valToPos(value, "y");
      const distance = Math.hypot(x - left, y - top);
      if (x < -1 || x > u.over.clientWidth + 1 || (nearest && nearest.distance <= distance)) continue;
      nearest = { run, x, y, distance, step: columns.step[i], value: columns.value[i], wallTime: columns.wall_time[i] };
    }
    return nearest;
  }

  #leave() {
    this.#isPointed = false;
    this.#hidePoint();
    this.#hooks.onPoint(null);
  }

  #hidePoint() {
    this.#tooltip.hide();
    this.#mark.hidden = true;
  }

  #select(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const range = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#hooks.onZoom(range);
  }

  #planDetail() {
    clearTimeout(this.#detailTimer);
    delete this.element.dataset.detail;
    if (this.#zoom && this.#plot) this.#detailTimer = setTimeout(() => this.#loadDetail(), 120);
  }

  async #loadDetail() {
    const zoom = this.#zoom;
    const thinned = this.#runs.map((run) => run.id).filter((id) => this.#store.series(id, this.metric)?.isThinned);
    if (thinned.length === 0) return;
    const detail = await this.#store.loadDetail(thinned, this.metric, Math.floor(zoom[0]), Math.ceil(zoom[1]));
    if (this.#zoom !== zoom) return;
    this.#detail = detail;
    this.element.dataset.detail = [...detail.values()].reduce((sum, columns) => sum + columns.step.length, 0);
    this.draw();
  }
}

function frame(metric, onReset) {
  const make = (tag, name, ...children) => {
    const element = document.createElement(tag);
    element.className = name;
    element.append(...children);
    return element;
  };
  const title = make("h2", "chart-title", metric);
  title.title = metric;
  const reset = make("button", "reset", "Reset zoom");
  Object.assign(reset, { type: "button", hidden: true });
  reset.addEventListener("click", onReset);
  const empty = make("p", "chart-empty");
  const plot = make("div", "chart-plot");
  const root = make("figure", "chart", make("figcaption", "chart-head", title, reset), empty, plot);
  root.dataset.metric = metric;
  return { root, plot, empty, reset };
}

function sizeOf(element) {
  return { width: Math.max(120, element.clientWidth), height: Math.max(80, element.clientHeight) };
}

/** The width of the value axis: as its longest label needs, so that none is cut. */
function axisWidth(u, labels) {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label?.length ?? 0));
  return Math.max(36, Math.ceil(longest * 6.4) + 12);
}

/** Distances between ticks of the step axis: never a part of a step. */
function wholeSteps() {
  const distances = [];
  for (let power = 1; power <= 1e15; power *= 10) distances.push(power, 2 * power, 5 * power);
  return distances;
}

