// The grid of charts: in sections, each chart loaded when it scrolls into view and released when it
// is far away, drawn at most once a frame, with one cursor and one highlighted curve through all.

import { params, setParams } from "../lib/address.js";
import { Chart } from "./chart.js";
import { FullScreen } from "./full_screen.js";
import { dragTitle, openMenu } from "./own/actions.js";
import { metricBeyond } from "./data/metric_limit.js";
import { drawAll, DrawQueue } from "./drawing/draw_queue.js";
import { shownX, yRange } from "./drawing/ranges.js";
import { PointedDetail } from "./pointing/pointed_detail.js";
import { SectionList } from "./section_list.js";
import { combined, ownView, xParameter } from "./data/chart_settings.js";
import { parseFilter, sectionsOf } from "./sections.js";
import { onThemeChange } from "../lib/theme.js";
import { choose, writeRange } from "./data/view.js";

const NEAR_PX = 200;

export class ChartGrid {
  #element;
  #source = null;
  #view;
  #charts = new Map();
  #metrics = [];
  #known = [];
  #together = new Map(); // which charts draw which other metrics
  #pattern = null;
  #queue = new DrawQueue();
  #near;
  #far;
  #onPoint;
  #page = { metrics: () => this.#metrics, known: () => this.#known, source: () => this.#source, rangeOf: (metric) => this.#rangeOf(metric) };
  #forgetTheme;
  #sections;
  #full;
  #pointed = new PointedDetail((id) => this.#loadWhole(id), (id, columns) => this.#showWhole(id, columns));
  /** The text of a chart without a point. */
  emptyText;
  /** The message if there are more metrics than are shown. */
  limitText = "";
  /** Called when something of the source was loaded, or could not be. */
  onLoad = () => {};
  onError = () => {};

  constructor(element, view, onPoint) {
    this.#element = element;
    this.#view = view;
    this.#onPoint = onPoint;
    this.#near = new IntersectionObserver((entries) => this.#onView(entries), { rootMargin: `${NEAR_PX}px` });
    this.#far = new IntersectionObserver((entries) => this.#onFar(entries), { rootMargin: "700px" });
    this.#forgetTheme = onThemeChange(() => this.redraw());
    this.#sections = new SectionList(element);
    element.addEventListener("pointerdown", (event) => void dragTitle(event, this.#page.metrics, () => this.#arrange()));
    this.#full = new FullScreen(element, () => setParams({ full: null }));
  }

  get element() {
    return this.#element;
  }

  /** The metrics of the visible charts. */
  get metrics() {
    return [...this.#charts.keys()];
  }

  /**
   * [[view, metrics]] of the drawn charts, for each horizontal axis: of the page, or of single
   * charts.
   */
  get builtByX() {
    return byX(this.#built).map(([view, charts]) => [view, metricsOf(charts)]);
  }

  get #built() {
    return [...this.#charts.values()].filter((chart) => chart.isBuilt);
  }

  destroy() {
    this.#near.disconnect();
    this.#far.disconnect();
    this.#forgetTheme();
    this.#queue.stop();
    this.#sections.destroy();
    for (const chart of this.#charts.values()) chart.destroy();
    this.#charts.clear();
    this.#element.replaceChildren();
  }

  /** Draw the curves of a source in charts of these metrics; `known` are all that its runs have. */
  async show(source, metrics, view, known = metrics) {
    this.#metrics = metrics;
    this.#known = known;
    await this.setView(view, source);
  }

  add(metric) {
    if (this.#source === null || this.#metrics.includes(metric)) return;
    this.#metrics.push(metric);
    if (!this.#known.includes(metric)) this.#known = [...this.#known, metric];
    this.#arrange();
    this.#showViews();
  }

  async setView(view, source = this.#source) {
    this.#view = view;
    this.#source = source;
    this.#pointed.point(null);
    this.#pointed.forget();
    if (!source) return;
    this.#arrange();
    this.#showViews();
    this.#buildNear();
    this.redraw();
    await this.#load(this.#built);
    this.redraw();
  }

  /** Draw each chart with the page's settings and its own. */
  #showViews() {
    for (const [metric, chart] of this.#charts) chart.setView(ownView(this.#view, this.#view.charts.get(metric)), this.#source, this.#together.get(metric));
  }

  /** Create and arrange the charts according to the metrics and the view. */
  #arrange() {
    const { pattern, reason } = parseFilter(this.#view.tags);
    if (reason === null) this.#pattern = pattern; // else: as it was
    const isNoneFound = this.#pattern && this.#metrics.length > 0 && !this.#metrics.some((metric) => this.#pattern.test(metric));
    const { charts, order, pins } = this.#view;
    this.#together = combined(this.#metrics, charts, this.#known);
    const beyond = isNoneFound && this.limitText ? metricBeyond(this.#view.tags, this.#metrics) : null;
    const sections = beyond ? sectionsOf([beyond], [], null) : sectionsOf(this.#metrics, pins, this.#pattern, { together: this.#together, order });
    const shown = new Set(sections.flatMap((section) => section.metrics));
    for (const [name, chart] of this.#charts) if (!shown.has(name)) this.#remove(name, chart);
    for (const name of shown) if (!this.#charts.has(name)) this.#create(name);
    this.#full.show(this.#charts.get(this.#view.full) ?? null);
    this.#sections.show(sections, this.#view, (name) => this.#charts.get(name).element);
    this.#sections.showText(isNoneFound && !beyond ? `None of the ${this.#metrics.length} metrics matches “${this.#view.tags}”.` : this.limitText);
  }

  #create(metric) {
    const chart = new Chart(metric, this.#source, ownView(this.#view, this.#view.charts.get(metric)), {
      syncKey: this.#element.id,
      onZoom: (range) => void zoom(chart, range),
      onPoint: (from, id, x) => this.#point(from, id, x),
      onPin: () => choose({ pin: toggled(this.#view.pins, metric) }),
      onFull: () => setParams({ full: this.#view.full === metric ? null : metric }, { push: true }),
      onMenu: (list) => void openMenu(chart, list, this.#page),
      emptyText: () => this.emptyText ?? "No values yet",
    });
    this.#charts.set(metric, chart);
    this.#near.observe(chart.element);
    this.#far.observe(chart.element);
  }

  /** The range of a metric's axis. */
  async #rangeOf(metric) {
    await this.#source.load([metric], this.#view);
    const curves = this.#source.curves(metric, this.#view);
    return yRange(curves, shownX(curves, this.#view), this.#view);
  }

  #remove(name, chart) {
    this.#near.unobserve(chart.element);
    this.#far.unobserve(chart.element);
    this.#charts.delete(name);
    chart.destroy();
  }

  /**
   * Build the charts that are in view at once: the observer would report them a frame or two later.
   */
  #buildNear() {
    const waiting = [...this.#charts.values()].filter((chart) => !chart.isBuilt);
    const near = waiting.filter((chart) => isNear(chart.element.getBoundingClientRect()));
    this.#build(near);
    for (const chart of near) chart.planDetail();
  }

  /**
   * The page is laid out once for all sizes, and its style computed once for the text on all
   * canvases.
   */
  #build(charts) {
    for (const chart of charts) chart.wake();
    const sizes = charts.map((chart) => chart.size);
    charts.forEach((chart, i) => chart.build(sizes[i]));
    drawAll(charts);
  }

  async #onView(entries) {
    const shown = entries.filter((entry) => entry.isIntersecting).map((entry) => this.#charts.get(entry.target.dataset.metric));
    const fresh = shown.filter((chart) => chart && !chart.isBuilt);
    this.#build(fresh);
    if (fresh.length) this.#pointed.forget(); // these charts lack what was fetched before
    try {
      await this.#load(fresh);
    } catch (error) {
      this.onError(error);
    }
    for (const chart of fresh) {
      this.#touch(chart);
      chart.planDetail();
    }
  }

  #onFar(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) this.#charts.get(target.dataset.metric)?.release();
    }
  }

  async #load(charts) {
    if (charts.length === 0) return;
    await Promise.all(byX(charts).map(([view, some]) => this.#source.load(metricsOf(some), view)));
    this.onLoad();
  }

  /** Points have arrived for these metrics. */
  append(event, changedMetrics) {
    this.#pointed.forget(event.run);
    for (const chart of this.#built) if (changedMetrics.includes(chart.view.xMetric)) this.#touch(chart);
    for (const name of changedMetrics) {
      for (const chart of this.#chartsOf(name)) {
        chart.append(name, event.run, event.metrics[name]);
        this.#touch(chart);
      }
    }
  }

  /** The charts that draw a metric: its own, or one with others. */
  #chartsOf(name) {
    const found = [this.#charts.get(name), ...[...this.#together].filter(([, sides]) => sides.left.includes(name) || sides.right.includes(name)).map(([metric]) => this.#charts.get(metric))];
    return found.filter(Boolean);
  }

  redraw() {
    for (const chart of this.#charts.values()) this.#touch(chart);
  }

  highlight(id) {
    for (const chart of this.#built) chart.highlight(id);
    this.#pointed.point(id);
  }

  async #loadWhole(id) {
    const found = byX(this.#built).map(([view, charts]) => [view, [...new Set(charts.flatMap((chart) => chart.thinnedOf(id)))]]);
    const loaded = await Promise.all(found.filter(([, metrics]) => metrics.length).map(([view, metrics]) => this.#source.loadWhole(metrics, view, id)));
    return new Map(loaded.flatMap((one) => [...one]));
  }

  #showWhole(id, columns) {
    for (const [metric, one] of columns) for (const chart of this.#chartsOf(metric)) chart.showWhole(id, metric, one);
    for (const chart of this.#built) chart.pointAgain();
  }

  #point(from, id, x) {
    this.#onPoint(id);
    const at = xParameter(from.view);
    for (const chart of this.#built) if (chart !== from) chart.readOut(xParameter(chart.view) === at ? id : null, x);
  }

  #touch(chart) {
    this.#queue.add(chart);
  }
}

/** [[view, charts]] of those with the same horizontal axis and the same visible part. */
function byX(charts) {
  const found = new Map();
  for (const chart of charts) {
    const key = `${xParameter(chart.view)} ${chart.view.zoom}`;
    found.set(key, [chart.view, [...(found.get(key)?.[1] ?? []), chart]]);
  }
  return [...found.values()];
}

const metricsOf = (charts) => [...new Set(charts.flatMap((chart) => chart.metrics))];

/**
 * Show this part of the horizontal axis in all charts. A chart with its own axis is zoomed alone.
 */
async function zoom(chart, range) {
  if (!chart.view.hasOwnX) return setParams({ zoom: writeRange(range) }, { push: true });
  const { withZoom } = await import("./own/writing.js");
  setParams({ chart: withZoom(params().getAll("chart"), chart.metric, range) }, { push: true });
}

function toggled(list, one) {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}

const isNear = ({ width, top, bottom }) => width > 0 && top < innerHeight + NEAR_PX && bottom > -NEAR_PX;
