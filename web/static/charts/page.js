// The charts of a page: which metrics of which runs, drawn according to the address.

import { params, setParams } from "../lib/address.js";
import { showBanner } from "../lib/notice.js";
import { ChartGrid } from "./grid.js";
import { bindControls, offerX } from "./controls.js";
import { offerColors } from "./colors/choice.js";
import { RunColors } from "./colors/run_colors.js";
import { showLegend } from "./legend.js";
import { limitText, MOST_METRICS } from "./data/metric_limit.js";
import { RunSource } from "./data/run_source.js";
import { titleOf } from "./data/derived.js";
import { isOffered, readView, rememberedParams } from "./data/view.js";

const ALL = "*";

export class ChartPage {
  #store;
  #pointOut;
  #page = null;
  #grid = null;
  #runs;
  #groups = null;
  #names = [];
  #view = readView(params());
  #metric = null;
  #derived = ""; // the derived metrics that are known
  #updates = null; // a promise: they follow what runs log
  #colors = new RunColors(() => this.#recolor());

  constructor(store, pointOut) {
    this.#store = store;
    this.#pointOut = pointOut;
    this.#runs = new RunSource(store);
    document.addEventListener("address:change", () => this.#onAddress());
  }

  /** The place of the charts in the page, if it has any. */
  get element() {
    return this.#grid?.element ?? null;
  }

  /** The page was read again; `area` is the place of its charts. Returns whether that is new. */
  mount(page, area) {
    this.#page = page;
    if (location.search === "" && !page.is_snapshot) setParams(rememberedParams());
    this.#view = readView(params());
    this.#metric = params().get("metric");
    bindControls(page, this.#view, (changes) => this.#preview(changes));
    this.#bindMetrics();
    this.#color({ isNew: true });
    if (this.element === area) return false;
    this.#grid?.destroy();
    this.#grid = area && new ChartGrid(area, this.#view, this.#pointOut);
    if (this.#grid) Object.assign(this.#grid, { onLoad: () => this.#showLegend(), onError: showLoadError });
    return true;
  }

  /** Draw the metrics of the page's runs. */
  async show(hasCharts) {
    if (!this.#grid) return;
    if (!hasCharts) await this.#showValues();
    this.#nameMetrics();
    offerColors(this.#page, this.#names, this.#view);
    offerX(this.#names, this.#view);
    this.#offerMetrics(this.#names);
    await this.#draw();
  }

  /**
   * The metrics of the runs, at most as many as can be charted. The grid shows a message if needed.
   */
  #nameMetrics() {
    const ids = this.#page.runs.map((run) => run.id);
    const names = this.#store.names(ids);
    this.#derived = this.#view.derived.join("\n");
    if (this.#derived) this.#updates ??= import("./data/derived_updates.js").then(({ DerivedUpdates }) => new DerivedUpdates(this.#store, () => this.#view.derived, () => this.redraw()));
    this.#names = [...names.slice(0, MOST_METRICS), ...this.#view.derived];
    this.#grid.limitText = limitText(Math.min(names.length, MOST_METRICS), Math.max(names.length, this.#store.nMetrics(ids)), ids.length === 1);
  }

  async #draw() {
    if (this.#page.view === "sweep") this.#grid.emptyText = this.#emptyText();
    const metrics = this.#metricsToShow();
    if (this.#grid.isOfValues) return this.#grid.show(this.#page.runs, metrics);
    this.#grid.element.classList.toggle("charts-single", this.#isSingle);
    this.#grid.element.classList.toggle("charts-whole", this.#page.view === "sweep" && !this.#isSingle);
    const source = await this.#source();
    this.#grid.element.classList.toggle("is-grouped", source === this.#groups);
    this.#showLegend();
    await this.#grid.show(source, [...metrics], this.#view, this.#names);
  }

  #emptyText() {
    if (this.#page.runs.length === 0) return "No run has started, or none passes the filters of the table below";
    return this.#page.is_over ? neverLogged(this.#names) : undefined;
  }

  get #isSingle() {
    return this.#page.view === "sweep" && document.querySelector("#metric")?.value !== ALL;
  }

  #metricsToShow() {
    if (!this.#isSingle) return this.#names;
    const chosen = document.querySelector("#metric").value;
    return chosen ? [chosen] : [];
  }

  /** The source of the curves. The module of groups is loaded with the first of them. */
  async #source() {
    const GroupSource = this.#isGrouped && !this.#groups ? (await import("./data/group_source.js")).GroupSource : null;
    if (!this.#isGrouped) {
      this.#groups?.stop();
      this.#groups = null;
      return this.#runs;
    }
    this.#groups ??= new GroupSource(this.#page.sweep, () => this.#grid?.redraw());
    this.#groups.setView(this.#view);
    if (!this.#page.is_over) this.#groups.follow(() => this.#grid.builtByX, () => (this.#grid.redraw(), this.#showLegend()));
    else this.#groups.stop();
    return this.#groups;
  }

  /** Give the runs the colours that the view requests; `isNew`: their values may have changed. */
  #color({ isNew = false } = {}) {
    offerColors(this.#page, this.#names, this.#view);
    this.#runs.setRuns(this.#colors.apply(this.#page, this.#view, { isGrouped: this.#isGrouped, isNew }));
  }

  #recolor() {
    this.#color();
    this.redraw();
    this.#showLegend();
  }

  get #isGrouped() {
    return isOffered(this.#page.groups ?? [], this.#view.group);
  }

  #showLegend() {
    showLegend(document.querySelector("#legend"), (this.#groups ?? this.#runs).entries, this.#view);
  }

  /** Without uPlot: the content of the charts as tables. */
  async #showValues() {
    if (this.#grid.isOfValues) return;
    const { element } = this.#grid, { ValuesTable } = await import("./values_table.js");
    if (this.element !== element || this.#grid.isOfValues) return;
    this.#grid.destroy();
    this.#grid = new ValuesTable(element, this.#store);
  }

  #onAddress() {
    if (!this.#page) return;
    this.#view = readView(params());
    bindControls(this.#page, this.#view, (changes) => this.#preview(changes));
    this.#color();
    const metric = params().get("metric");
    const isMetricNew = metric !== this.#metric || this.#view.derived.join("\n") !== this.#derived;
    this.#metric = metric;
    if (this.#grid && isMetricNew) this.#nameMetrics();
    this.#bindMetrics();
    if (!this.#grid || this.#grid.isOfValues) return isMetricNew && this.#grid && void this.#draw();
    if (isMetricNew) this.#draw().catch(showLoadError);
    else this.#showView().catch(showLoadError);
    this.#showLegend();
  }

  async #showView() {
    const grid = this.#grid, source = await this.#source();
    if (grid !== this.#grid) return;
    grid.element.classList.toggle("is-grouped", source === this.#groups);
    this.#showLegend();
    await grid.setView(this.#view, source);
  }

  #preview(changes) {
    if (this.#grid?.isOfValues) return;
    this.#grid?.setView({ ...this.#view, ...changes }).catch(showLoadError);
  }

  // ---- The choice of a sweep's metric ----

  #bindMetrics() {
    const select = document.querySelector("#metric");
    if (!select) return;
    if (this.#metric && select.value !== this.#metric) {
      this.#offerMetrics([this.#metric]);
      select.value = this.#metric;
    }
    if (select.dataset.bound) return;
    select.dataset.bound = "true";
    select.addEventListener("change", () => setParams({ metric: select.value }, { push: true }));
  }

  #offerMetrics(names) {
    const select = document.querySelector("#metric");
    if (!select) return;
    for (const name of names) if (![...select.options].some((option) => option.value === name)) select.add(new Option(titleOf(name), name));
  }

  /** Add a metric that is logged for the first time. */
  addMetric(name) {
    if (this.#names.length >= MOST_METRICS) return;
    this.#names = [...new Set([...this.#names, name])];
    this.#offerMetrics([name]);
    if (!this.#isSingle) this.#grid?.add(name);
    else if (this.#grid?.metrics.length === 0) this.#draw().catch(showLoadError);
  }

  // ---- News from the page's stream and pointer ----

  append(event, changedMetrics) {
    if (!this.#groups) this.#grid?.append(event, changedMetrics);
    void this.#updates?.then((updates) => updates.note(event.run, Object.keys(event.metrics)));
  }

  redraw() {
    this.#grid?.redraw();
  }

  highlight(id) {
    this.#grid?.highlight(id);
  }
}

function showLoadError(error) {
  showBanner(`The points could not be loaded (${error.message}). Reload the page to try again.`);
}

function neverLogged(names) {
  if (names.length === 0) return "These runs logged no metrics";
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  return `None of these runs logged it. They logged ${names.slice(0, 6).join(", ")}${more}.`;
}

/** If the runs of a page have logged nothing, show a message in place of the charts. */
export function showNoMetrics(isEmpty) {
  const note = document.querySelector(".no-metrics");
  if (note) note.hidden = !isEmpty;
}
