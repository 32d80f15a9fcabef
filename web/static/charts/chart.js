// One chart: a metric of several runs or groups. uPlot supplies the axes, the cursor and dragging;
// the curves are drawn from each one's own columns, so that they need not share their x.

import { chartFrame } from "./frame.js";
import { ChartPointing } from "./pointing/chart_pointing.js";
import { drawCurves, geometryOf } from "./drawing/draw.js";
import { setText } from "../lib/elements.js";
import { formatCount, formatNumber } from "../lib/format.js";
import { plotOptions } from "./drawing/plot_options.js";
import { nearestPoint, pointAt } from "./drawing/pointer.js";
import { countOutside, shownX, yRange } from "./drawing/ranges.js";
import { theme } from "../lib/theme.js";
import { xParameter } from "./data/view.js";

const DETAIL_AFTER_MS = 120;
const FAINT = 0.25;
const NOTE_TITLE = "Values that are not drawn here. Of a step that was logged several times the last value is drawn; over time (x: Relative time) all are.";

const hasFinite = (curve) => curve.y.some((value) => value !== null && value !== undefined);

export class Chart {
  metric;
  element;
  #source;
  #view;
  #hooks;
  #parts;
  #plot = null;
  #pointing = null;
  #curves = [];
  #layer = null; // all curves as they were drawn last: pointing at one draws only that one again
  #isLayerOld = true;
  #notes = "";
  #drawn = null; // what `draw` drew last
  #detail = null;
  #detailTimer = 0;
  #pointedId = null;
  #whole = null; // of the curve pointed at: all of its points, where fewer are drawn
  #legend = null;
  #resizing = null;
  #labels = {};
  #range = [0, 1]; // of the values

  /**
   * @param {object} source  where its curves come from: run_source.js or group_source.js
   * @param {import("./data/view.js").View} view
   * @param {{syncKey: string, onZoom: (range: [number, number] | null) => void,
   *   onPoint: (chart: Chart, id: string | null, x: number | null) => void, onPin: () => void,
   *   onFull: () => void, onExport: (format: string) => void, emptyText: () => string}} hooks
   */
  constructor(metric, source, view, hooks) {
    this.metric = metric;
    this.#source = source;
    this.#view = view;
    this.#hooks = hooks;
    this.#parts = chartFrame(metric, { ...hooks, onReset: () => hooks.onZoom(null) });
    this.element = this.#parts.root;
    this.#showView();
  }

  get isBuilt() {
    return this.#plot !== null;
  }

  /** Let the page lay out what is inside, which far from the view it does not. */
  wake() {
    this.element.classList.remove("is-waiting");
  }

  /** In CSS pixels, of the canvas as the page lays it out. */
  get size() {
    const { clientWidth, clientHeight } = this.#parts.plot;
    return { width: Math.max(120, clientWidth), height: Math.max(80, clientHeight) };
  }

  /** What an export needs to draw the same: see export_svg.js. */
  get picture() {
    const note = [this.#parts.thinned, this.#parts.note].map((part) => part.textContent).filter(Boolean).join(" · ");
    return { metric: this.metric, view: this.#view, curves: this.#curves, scales: this.#scales, labels: this.#labels, note };
  }

  /** Create the canvas, of this size in CSS pixels, once the chart is in the document and in view; `draw` fills it. */
  build(size) {
    if (this.#plot || !globalThis.uPlot) return;
    const { plot } = this.#parts;
    this.#plot = new uPlot(this.#options(size), [[1, 2], [1, 2]], plot);
    this.#pointing = new ChartPointing(this.#plot.over, this.element, () => this.#hooks.onPoint(this, null, null));
    this.#pointing.legend = this.#legend;
    this.#resizing ??= new ResizeObserver(() => this.#resize());
    this.#resizing.observe(plot);
  }

  /** Give the canvas back; what it showed can be built again. */
  release() {
    if (!this.#plot) return;
    clearTimeout(this.#detailTimer);
    this.#resizing.disconnect();
    this.#pointing.destroy();
    this.#plot.destroy();
    this.#plot = this.#layer = this.#drawn = null;
    this.element.classList.add("is-waiting");
  }

  destroy() {
    this.release();
    this.element.remove();
  }

  /** Take over what is to be shown; `draw` then shows it, after `build` where the axes are others. */
  setView(view, source) {
    const isAxisNew = ["x", "xMetric", "isLogX", "isLogY"].some((name) => view[name] !== this.#view[name]);
    const isZoomNew = String(view.zoom) !== String(this.#view.zoom) || xParameter(view) !== xParameter(this.#view);
    const isSourceNew = source !== this.#source;
    this.#view = view;
    this.#source = source;
    this.#showView();
    if (isZoomNew || isSourceNew) this.#detail = this.#whole = null;
    if (isAxisNew) this.release(); // uPlot's axes are made once
    if (isZoomNew || isSourceNew) this.planDetail();
  }

  #showView() {
    const { root, reset, pin, full } = this.#parts;
    reset.hidden = this.#view.zoom === null;
    pin.ariaPressed = String(this.#view.pins.includes(this.metric));
    full.ariaPressed = String(this.#view.full === this.metric);
    root.classList.toggle("is-full", this.#view.full === this.metric);
  }

  /** Bring one curve to the front; null: none. */
  highlight(id) {
    if (this.#pointedId === id) return;
    this.#pointedId = id;
    this.#whole = null;
    this.#drawAgain();
  }

  /** Soon: while uPlot draws, as when a zoom moves the curves under the pointer, it takes no order to draw. */
  #drawAgain() {
    queueMicrotask(() => this.#plot?.redraw(false));
  }

  /** Whether a run is drawn here with fewer points than it has. */
  isThinned(id) {
    return this.#curves.some((curve) => curve.id === id) && this.#source.isThinned(this.metric, id, this.#detail);
  }

  /** All points of the run that is pointed at. */
  showWhole(id, columns) {
    if (id !== this.#pointedId || !this.#plot) return;
    this.#whole = new Map([[id, columns]]);
    this.#drawAgain();
  }

  /** Say again what is at the pointer, which has not moved. */
  pointAgain() {
    if (this.#plot) this.#point(this.#plot);
  }

  /** The curves as the pointer reads them: the one pointed at with all of its points. */
  get #readable() {
    if (!this.#whole) return this.#curves;
    return this.#curves.map((curve) => {
      const columns = this.#whole.get(curve.id);
      return columns ? this.#source.curve(curve.id, columns, this.#view) : curve;
    });
  }

  /** The column beside a chart in full screen; null: none. */
  setLegend(legend) {
    this.#legend?.element.remove();
    this.#legend = legend;
    if (this.#pointing) this.#pointing.legend = legend;
    if (legend) this.element.append(legend.element);
    this.draw();
  }

  /** Say what the curve pointed at in another chart is here, at the same x. */
  readOut(id, x) {
    if (!this.#plot || this.#pointing.isInside) return;
    const curve = id === null ? null : this.#readable.find((one) => one.id === id);
    const point = curve && pointAt(curve, this.#geometry(), x);
    this.#parts.readout.textContent = point ? formatNumber(point.curve.y[point.i]) : "";
    this.#pointing.mark(point);
  }

  /** The detail on show gets new points of its run, too. */
  append(runId, points) {
    this.#source.appendDetail?.(this.#detail, runId, points);
    this.#source.appendDetail?.(this.#whole, runId, points);
  }

  /** Bring the canvas, and what is around it, up to what is known now. */
  draw() {
    this.paint();
    this.tell();
  }

  /** The canvas alone. Nothing in the document changes: text on a canvas waits for the style of what did. */
  paint() {
    this.#curves = this.#source.curves(this.metric, this.#view, this.#detail);
    if (!this.#plot || !this.#isChanged()) return;
    const x = shownX(this.#curves, this.#view);
    const y = this.#range = yRange(this.#curves, x, this.#view);
    this.#notes = this.#notesOf(x, y);
    this.#isLayerOld = true;
    this.#plot.batch(() => {
      this.#plot.setScale("x", { min: x[0], max: x[1] });
      this.#plot.redraw(false, true); // the labels of the values, too
    });
  }

  /** What stands around the canvas. */
  tell() {
    this.#describe();
    const { note } = this.#parts;
    if (setText(note, this.#notes)) note.title = this.#notes && NOTE_TITLE;
    this.#legend?.update(this.#source.entries, this.#curves, this.#view);
  }

  /** Whether the canvas shows something else than what is known now. */
  #isChanged() {
    const { x, xMetric, isLogX, isLogY, outliers, zoom } = this.#view;
    const now = [theme(), [x, xMetric, isLogX, isLogY, outliers, zoom].join(), ...this.#curves];
    const isSame = this.#drawn?.length === now.length && now.every((one, i) => one === this.#drawn[i]);
    this.#drawn = now;
    return !isSame;
  }

  #describe() {
    const { root, empty, thinned } = this.#parts;
    const { nPoints, nCurves, nDrawn, nInView, word } = this.#source.describe(this.metric, this.#view, this.#detail);
    const part = nDrawn < nInView ? `${formatCount(nDrawn)} of ${formatCount(nInView)} points` : "";
    setText(thinned, part);
    root.dataset.points = nPoints;
    root.dataset.runs = nCurves;
    root.setAttribute("aria-label", `${this.metric} over ${this.#view.xMetric ?? (this.#view.x === "step" ? "the step" : "the time")}, ${nCurves} ${word}${nCurves === 1 ? "" : "s"}${part && `, drawn with ${part}`}`);
    const isLoaded = this.#source.isLoaded(this.metric, this.#view);
    setText(empty, isLoaded ? this.#source.emptyText?.(this.metric, this.#view) ?? this.#hooks.emptyText() ?? "" : this.#source.waitingText?.(this.metric) ?? "");
    empty.hidden = nCurves > 0 || this.#plot === null || empty.textContent === "";
  }

  #notesOf(x, y) {
    const notes = [];
    if (this.#view.outliers > 0) {
      const { above, below } = countOutside(this.#curves, x, y);
      if (above) notes.push(`▲ ${above}`);
      if (below) notes.push(`▼ ${below}`);
      if (notes.length) notes.push("outside");
    }
    const nBelow = this.#curves.reduce((sum, curve) => sum + curve.nBelow, 0);
    if (nBelow) notes.push(`${nBelow} not above 0`);
    else if (this.#curves.length && !this.#curves.some(hasFinite)) notes.push("NaN or infinite only");
    const nRepeated = this.#curves.reduce((sum, curve) => sum + (curve.nRepeated ?? 0), 0);
    if (nRepeated) notes.push(`${notes.length ? "· " : ""}${formatCount(nRepeated)} earlier value${nRepeated === 1 ? "" : "s"} of repeated steps not drawn`);
    return notes.join(" ");
  }

  #resize() {
    if (!this.#plot) return;
    const { size } = this;
    if (size.width === this.#plot.width && size.height === this.#plot.height) return;
    this.#isLayerOld = true;
    this.#plot.setSize(size);
  }

  #options(size) {
    return plotOptions(this.#view, size, {
      yRange: () => this.#range,
      syncKey: this.#hooks.syncKey,
      onLabel: (axis, ticks, labels) => (this.#labels[axis] = { ticks, labels }),
      onReset: () => this.#hooks.onZoom(null),
      draw: (u) => this.#paint(u),
      setCursor: (u) => this.#point(u),
      setSelect: (u) => this.#select(u),
    });
  }

  #paint(u) {
    const geometry = geometryOf(u.bbox, this.#scales, this.#view);
    const options = { pixel: uPlot.pxRatio, isClipped: this.#view.outliers > 0 };
    const { width, height } = u.ctx.canvas;
    this.#layer ??= document.createElement("canvas");
    if (this.#isLayerOld || this.#layer.width !== width || this.#layer.height !== height) {
      Object.assign(this.#layer, { width, height }); // which empties it
      drawCurves(this.#layer.getContext("2d"), geometry, this.#curves, options);
      this.#isLayerOld = false;
    }
    const front = this.#curves.length > 1 || this.#whole ? this.#readable.find((curve) => curve.id === this.#pointedId) : null;
    u.ctx.save();
    u.ctx.globalAlpha = front ? FAINT : 1;
    u.ctx.drawImage(this.#layer, 0, 0);
    u.ctx.restore();
    if (front) drawCurves(u.ctx, geometry, [front], { ...options, isFront: true });
  }

  /** What the axes show. */
  get #scales() {
    const [min, max] = this.#range;
    return { x: this.#plot.scales.x, y: { min, max } };
  }

  /** Places in the pixels of the plotting area. */
  #geometry() {
    const { bbox } = this.#plot; // not asked of the document, which would lay it out for each move
    return geometryOf({ left: 0, top: 0, width: bbox.width / uPlot.pxRatio, height: bbox.height / uPlot.pxRatio }, this.#scales, this.#view);
  }

  #point(u) {
    if (!this.#pointing?.isInside || u.cursor.left < 0) return;
    const at = u.posToVal(u.cursor.left, "x"), curves = this.#readable;
    const geometry = this.#geometry();
    // as all curves are drawn: with all of its points one would be nearer or farther than without
    const nearest = nearestPoint(this.#curves, geometry, at, u.cursor.left, u.cursor.top);
    if (!nearest) {
      this.#pointing.hide();
      return this.#hooks.onPoint(this, null, null);
    }
    const found = pointAt(curves.find((curve) => curve.id === nearest.curve.id), geometry, at) ?? nearest;
    this.#parts.readout.textContent = "";
    this.#pointing.show(found, curves, at, this.#source.xText(found, this.#view));
    this.#hooks.onPoint(this, found.curve.id, at);
  }

  #select(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const [low, high] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    const range = this.#view.x === "step" ? [Math.floor(low), Math.ceil(high)] : [low, high]; // there are no parts of a step
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#hooks.onZoom(range);
  }

  /** Fetch more points than the overview holds of what is zoomed into, unless the zoom continues. */
  planDetail() {
    clearTimeout(this.#detailTimer);
    delete this.element.dataset.detail;
    if (this.#view.zoom && this.#plot) this.#detailTimer = setTimeout(() => this.#loadDetail(), DETAIL_AFTER_MS);
  }

  async #loadDetail() {
    const view = this.#view;
    const detail = await this.#source.loadDetail(this.metric, view).catch(() => null); // the overview stays
    if (!detail || String(this.#view.zoom) !== String(view.zoom) || xParameter(this.#view) !== xParameter(view)) return;
    this.#detail = detail;
    this.element.dataset.detail = [...detail.values()].reduce((sum, columns) => sum + columns.step.length, 0);
    this.draw();
    this.pointAgain();
  }
}
