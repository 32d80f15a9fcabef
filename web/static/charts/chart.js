// One chart: a metric of several runs or groups, or several metrics that a reader combined. uPlot
// supplies the axes, the cursor and dragging. The curves are drawn from each one's own columns, so
// that they need not share their x.

import { chartFrame, showTitle } from "./frame.js";
import { ChartCurves } from "./data/chart_curves.js";
import { titleOf } from "./data/derived.js";
import { ChartPointing } from "./pointing/chart_pointing.js";
import { CurveLayer } from "./drawing/layer.js";
import { geometryOf } from "./drawing/draw.js";
import { setText } from "../lib/elements.js";
import { formatCount, formatNumber } from "../lib/format.js";
import { plotOptions } from "./drawing/plot_options.js";
import { nearestPoint, pointAt } from "./drawing/pointer.js";
import { notesOf } from "./drawing/notes.js";
import { ofRight, shownX, yRange } from "./drawing/ranges.js";
import { theme } from "../lib/theme.js";
import { xParameter } from "./data/chart_settings.js";

const DETAIL_AFTER_MS = 120;
const NOTE_TITLE = "Values that are not drawn here. Of a step that was logged several times the last value is drawn. Over time (x: Relative time) all are drawn.";

export class Chart {
  metric;
  element;
  #source;
  #view;
  #hooks;
  #parts;
  #plot = null;
  #pointing = null;
  #curves; // ChartCurves
  #layer = new CurveLayer();
  #notes = "";
  #drawn = null; // what `draw` drew last
  #detailTimer = 0;
  #pointedId = null;
  #read = null; // what is pointed at in another chart: { id, x }
  #legend = null;
  #resizing = null;
  #labels = {};
  #ranges = { left: [0, 1], right: [0, 1] }; // of the values, on each axis

  /**
   * @param {object} source  where its curves come from: run_source.js or group_source.js
   * @param {import("./data/view.js").View} view
   * @param {{syncKey: string, onZoom: (range: [number, number] | null) => void,
   *   onPoint: (chart: Chart, id: string | null, x: number | null) => void, onPin: () => void,
   *   onFull: () => void, onMenu: (list: HTMLElement) => void, emptyText: () => string}} hooks
   */
  constructor(metric, source, view, hooks) {
    this.metric = metric;
    this.#source = source;
    this.#view = view;
    this.#hooks = hooks;
    this.#curves = new ChartCurves(metric, source, view);
    this.#parts = chartFrame(metric, { ...hooks, onReset: () => hooks.onZoom(null) });
    this.element = this.#parts.root;
    this.#showView();
  }

  get isBuilt() {
    return this.#plot !== null;
  }

  /** All metrics that it draws, its own first. */
  get metrics() {
    return this.#curves.metrics;
  }

  get view() {
    return this.#view;
  }

  get title() {
    return this.#view.charts.get(this.metric)?.title || this.metrics.map(titleOf).join(", ");
  }

  /** The lowest and the highest value on each axis, as they are drawn. */
  get ranges() {
    return this.#ranges;
  }

  /** Let the page lay out the content, which it does not do far from the view. */
  wake() {
    this.element.classList.remove("is-waiting");
  }

  /** In CSS pixels, of the canvas as the page lays it out. */
  get size() {
    const { clientWidth, clientHeight } = this.#parts.plot;
    return { width: Math.max(120, clientWidth), height: Math.max(80, clientHeight) };
  }

  /** The data with which an export draws the same: see export_svg.js. */
  get picture() {
    const note = [this.#parts.thinned, this.#parts.note].map((part) => part.textContent).filter(Boolean).join(" · ");
    return { metric: this.metric, title: this.title, view: this.#view, curves: this.#curves.all, scales: this.#scales, labels: this.#labels, note };
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

  /** Release the canvas. It can be built again. */
  release() {
    if (!this.#plot) return;
    clearTimeout(this.#detailTimer);
    this.#resizing.disconnect();
    this.#pointing.destroy();
    this.#plot.destroy();
    this.#plot = this.#drawn = null;
    this.#layer = new CurveLayer();
    this.element.classList.add("is-waiting");
  }

  destroy() {
    this.release();
    this.element.remove();
  }

  /**
   * Set what is shown. `draw` then shows it, after `build` if the axes are others.
   *
   * @param {{left: string[], right: string[]}} [others]  the metrics that are drawn besides its own
   */
  setView(view, source, others) {
    const hadRight = this.#curves.hasRight;
    const isZoomNew = String(view.zoom) !== String(this.#view.zoom) || xParameter(view) !== xParameter(this.#view);
    const isSourceNew = source !== this.#source;
    const isAxisNew = ["x", "xMetric", "hasOwnX", "isLogX", "isLogY"].some((name) => view[name] !== this.#view[name]);
    this.#view = view;
    this.#source = source;
    this.#curves.set(source, view, others);
    this.#showView();
    if (isZoomNew || isSourceNew) this.#curves.forget();
    if (isAxisNew || this.#curves.hasRight !== hadRight) this.release(); // uPlot's axes are made once
    if (isZoomNew || isSourceNew) this.planDetail();
  }

  #showView() {
    const { root, reset, pin, full } = this.#parts;
    reset.hidden = this.#view.zoom === null;
    pin.ariaPressed = String(this.#view.pins.includes(this.metric));
    full.ariaPressed = String(this.#view.full === this.metric);
    root.classList.toggle("is-full", this.#view.full === this.metric);
    const own = this.#view.charts.get(this.metric);
    root.dataset.width = own?.width ?? "";
    root.dataset.height = own?.isTall ? "tall" : "";
    showTitle(root, own?.title ?? "", this.#curves.parts);
  }

  /** Bring one curve to the front (null: none). */
  highlight(id) {
    if (this.#pointedId === id) return;
    this.#pointedId = id;
    this.#curves.forgetWhole();
    this.#drawAgain();
  }

  /**
   * Draw soon: uPlot ignores such requests while it draws, as when a zoom moves the curves under
   * the pointer.
   */
  #drawAgain() {
    queueMicrotask(() => this.#plot?.redraw(false));
  }

  /** The metrics of which a run is drawn here with fewer points than it has. */
  thinnedOf(id) {
    return this.#curves.thinnedOf(id);
  }

  /** Show all points of the run that is pointed at. */
  showWhole(id, metric, columns) {
    if (id !== this.#pointedId || !this.#plot) return;
    this.#curves.showWhole(id, metric, columns);
    this.#drawAgain();
  }

  /** Update what is shown at the pointer, which has not moved. */
  pointAgain() {
    if (this.#plot) this.#point(this.#plot);
  }

  /** The column beside a chart in full screen (null: none). */
  setLegend(legend) {
    this.#pointing?.hide();
    this.#legend?.element.remove();
    this.#legend = legend;
    if (this.#pointing) this.#pointing.legend = legend;
    if (legend) this.element.append(legend.element);
    this.draw();
    this.pointAgain(); // the pointer may have been there before a legend that had to be loaded
  }

  /** Show the value here of the curve that is pointed at in another chart, at the same x. */
  readOut(id, x) {
    this.#read = { id, x };
    this.#placeRead();
  }

  /** Again after each drawing: the pointer may rest while the scales change. */
  #placeRead() {
    if (!this.#read || !this.#plot || this.#pointing.isInside) return;
    const { id, x } = this.#read;
    const curve = id === null ? null : this.#curves.readable.find((one) => one.id === id);
    const point = curve && pointAt(curve, this.#geometryOf(curve), x);
    this.#parts.readout.textContent = point ? formatNumber(point.curve.y[point.i]) : "";
    this.#pointing.mark(point);
  }

  /** Add new points to what was fetched of a run. */
  append(metric, runId, points) {
    this.#curves.append(metric, runId, points);
  }

  /** Draw the canvas and the elements around it from the current data. */
  draw() {
    this.paint();
    this.updateFrame();
  }

  /**
   * Draw only the canvas. Nothing in the document changes: text on a canvas waits for the style of
   * what did.
   */
  paint() {
    const curves = this.#curves.update();
    if (!this.#plot || !this.#isChanged(curves)) return;
    const x = shownX(curves, this.#view);
    const left = yRange(curves.filter((curve) => !curve.isRight), x, this.#view);
    const right = this.#curves.hasRight ? yRange(curves.filter((curve) => curve.isRight), x, ofRight(this.#view)) : left;
    this.#ranges = { left, right };
    this.#notes = notesOf(curves, x, this.#ranges, this.#view);
    this.#layer.isOld = true;
    this.#plot.batch(() => {
      this.#plot.setScale("x", { min: x[0], max: x[1] });
      this.#plot.redraw(false, true); // the labels of the values, too
    });
  }

  /** Update the elements around the canvas. */
  updateFrame() {
    this.#describe();
    this.#placeRead();
    const { note } = this.#parts;
    if (setText(note, this.#notes)) note.title = this.#notes && NOTE_TITLE;
    this.#legend?.update(this.#curves.entries, this.#curves.all, this.#view);
  }

  /** Whether the canvas shows something other than the current data. */
  #isChanged(curves) {
    const { x, xMetric, isLogX, isLogY, outliers, zoom, low, high, rightLow, rightHigh } = this.#view;
    const now = [theme(), [x, xMetric, isLogX, isLogY, outliers, zoom, low, high, rightLow, rightHigh].join(), ...curves];
    const isSame = this.#drawn?.length === now.length && now.every((one, i) => one === this.#drawn[i]);
    this.#drawn = now;
    return !isSame;
  }

  #describe() {
    const { root, empty, thinned } = this.#parts;
    const { nPoints, nCurves, nDrawn, nInView, word } = this.#curves.describe();
    const part = nDrawn < nInView ? `${formatCount(nDrawn)} of ${formatCount(nInView)} points` : "";
    setText(thinned, part);
    root.dataset.points = nPoints;
    root.dataset.runs = nCurves;
    root.setAttribute("aria-label", `${this.title} over ${this.#view.xMetric ?? (this.#view.x === "step" ? "the step" : "the time")}, ${nCurves} ${word}${nCurves === 1 ? "" : "s"}${part && `, drawn with ${part}`}`);
    setText(empty, this.#curves.isLoaded ? this.#source.emptyText?.(this.metric, this.#view) ?? this.#hooks.emptyText() ?? "" : this.#source.waitingText?.(this.metric, this.#view) ?? "");
    empty.hidden = nCurves > 0 || this.#plot === null || empty.textContent === "";
  }

  #resize() {
    if (!this.#plot) return;
    const { size } = this;
    if (size.width === this.#plot.width && size.height === this.#plot.height) return;
    this.#layer.isOld = true;
    this.#plot.setSize(size);
  }

  #options(size) {
    return plotOptions(this.#view, size, {
      yRange: () => this.#ranges.left,
      rightRange: this.#curves.hasRight ? () => this.#ranges.right : null,
      syncKey: this.#hooks.syncKey,
      onLabel: (axis, ticks, labels) => (this.#labels[axis] = { ticks, labels }),
      onReset: () => this.#hooks.onZoom(null),
      draw: (u) => this.#paint(u),
      setCursor: (u) => this.#point(u),
      setSelect: (u) => this.#select(u),
    });
  }

  #paint(u) {
    const hasFront = this.#pointedId !== null && (this.#curves.all.length > 1 || this.#curves.hasWhole);
    const front = hasFront ? this.#curves.readable.filter((curve) => curve.id === this.#pointedId) : [];
    this.#layer.paint(u, this.#curves.all, front, this.#scales, this.#view);
  }

  /** The ranges of the axes. */
  get #scales() {
    const scale = ([min, max]) => ({ min, max });
    return { x: this.#plot.scales.x, y: scale(this.#ranges.left), right: scale(this.#ranges.right) };
  }

  /** Places in the pixels of the plotting area, of a curve on the left axis or on the right one. */
  #geometryOf({ isRight = false }) {
    // not asked of the document, which would lay it out for each move
    const { bbox } = this.#plot, { x, y, right } = this.#scales;
    return geometryOf({ left: 0, top: 0, width: bbox.width / uPlot.pxRatio, height: bbox.height / uPlot.pxRatio }, { x, y: isRight ? right : y }, this.#view);
  }

  #point(u) {
    if (!this.#pointing?.isInside || u.cursor.left < 0) return;
    const at = u.posToVal(u.cursor.left, "x"), curves = this.#curves.readable;
    // compared with all curves as drawn: with all its points, one could seem nearer or farther
    const nearest = nearestPoint(this.#curves.all, (curve) => this.#geometryOf(curve), at, u.cursor.left, u.cursor.top);
    if (!nearest) {
      this.#pointing.hide();
      return this.#hooks.onPoint(this, null, null);
    }
    const { curve } = nearest;
    const found = pointAt(curves.find((one) => one.id === curve.id && one.key === curve.key), this.#geometryOf(curve), at) ?? nearest;
    this.#parts.readout.textContent = "";
    this.#pointing.show(found, curves, at, this.#source.xText(found, this.#view));
    this.#hooks.onPoint(this, curve.id, at);
  }

  #select(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const [low, high] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    // there are no parts of a step
    const range = this.#view.x === "step" ? [Math.floor(low), Math.ceil(high)] : [low, high];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#hooks.onZoom(range);
  }

  /** Fetch more points than the overview holds of the zoomed part, unless zooming continues. */
  planDetail() {
    clearTimeout(this.#detailTimer);
    delete this.element.dataset.detail;
    if (this.#view.zoom && this.#plot) this.#detailTimer = setTimeout(() => this.#loadDetail(), DETAIL_AFTER_MS);
  }

  async #loadDetail() {
    const isWanted = (view) => String(this.#view.zoom) === String(view.zoom) && xParameter(this.#view) === xParameter(view);
    const nPoints = await this.#curves.loadDetail(isWanted);
    if (nPoints === null) return;
    this.element.dataset.detail = nPoints;
    this.draw();
    this.pointAgain();
  }
}
