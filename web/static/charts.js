// The grid of charts: one for each metric, loaded when it scrolls into view, drawn at most once a
// frame, with one zoom and one highlighted run through all of them.

import { Chart } from "./chart.js";
import { onThemeChange } from "./theme.js";

export class ChartGrid {
  #element;
  #store;
  #charts = new Map();
  #runs = [];
  #zoom = null;
  #options;
  #dirty = new Set();
  #frame = 0;
  #visible;
  #onPoint;
  #forgetTheme;
  /** What a chart without a point says. */
  emptyText;

  constructor(element, store, options, onPoint) {
    this.#element = element;
    this.#store = store;
    this.#options = options;
    this.#onPoint = onPoint;
    this.#visible = new IntersectionObserver((entries) => this.#onView(entries), { rootMargin: "200px" });
    this.#forgetTheme = onThemeChange(() => this.#drawAll());
  }

  get element() {
    return this.#element;
  }

  get metrics() {
    return [...this.#charts.keys()];
  }

  destroy() {
    this.#visible.disconnect();
    this.#forgetTheme();
    cancelAnimationFrame(this.#frame);
    for (const chart of this.#charts.values()) chart.destroy();
    this.#charts.clear();
  }

  /** Draw these runs in charts of these metrics. */
  async show(runs, metrics) {
    this.#runs = runs;
    for (const [name, chart] of this.#charts) if (!metrics.includes(name)) this.#remove(name, chart);
    for (const name of metrics) this.add(name);
    for (const chart of this.#charts.values()) chart.setRuns(runs);
    await this.#load([...this.#charts.values()].filter((chart) => chart.isBuilt));
    this.#drawAll();
  }

  add(metric) {
    if (this.#charts.has(metric)) return;
    const chart = new Chart(metric, this.#store, this.#element.id, {
      onZoom: (range) => this.zoomTo(range),
      onPoint: (runId) => this.#onPoint(runId),
      emptyText: () => this.emptyText ?? "No values yet",
    });
    this.#charts.set(metric, chart);
    chart.setRuns(this.#runs);
    chart.setOptions(this.#options);
    chart.zoomTo(this.#zoom);
    this.#element.append(chart.element);
    this.#visible.observe(chart.element);
  }

  #remove(name, chart) {
    this.#visible.unobserve(chart.element);
    this.#charts.delete(name);
    chart.destroy();
  }

  async #onView(entries) {
    const shown = entries.filter((entry) => entry.isIntersecting).map((entry) => this.#charts.get(entry.target.dataset.metric));
    const fresh = shown.filter((chart) => chart && !chart.isBuilt);
    for (const chart of fresh) chart.build();
    await this.#load(fresh);
    for (const chart of fresh) this.#touch(chart);
  }

  async #load(charts) {
    if (charts.length) await this.#store.load(this.#runs.map((run) => run.id), charts.map((chart) => chart.metric));
  }

  /** Points have arrived for these metrics. */
  append(event, changedMetrics) {
    for (const name of changedMetrics) {
      const chart = this.#charts.get(name);
      if (!chart) continue;
      chart.append(event.run, event.metrics[name]);
      this.#touch(chart);
    }
  }

  redraw() {
    this.#drawAll();
  }

  setOptions(options) {
    this.#options = options;
    for (const chart of this.#charts.values()) chart.setOptions(options);
  }

  zoomTo(range) {
    this.#zoom = range;
    for (const chart of this.#charts.values()) chart.zoomTo(range);
  }

  highlight(runId) {
    for (const chart of this.#charts.values()) chart.highlight(runId);
  }

  #drawAll() {
    for (const chart of this.#charts.values()) this.#touch(chart);
  }

  #touch(chart) {
    this.#dirty.add(chart);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const charts = [...this.#dirty];
      this.#dirty.clear();
      for (const one of charts) one.draw();
    });
  }
}
