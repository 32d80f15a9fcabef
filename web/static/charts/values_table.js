// What replaces the charts if uPlot could not be loaded: for each metric a table of the runs, with
// the last, the lowest and the highest value. The page uses it like a `ChartGrid`.

import { titleParts } from "./frame.js";
import { cut, make } from "../lib/elements.js";
import { formatNumber, formatStep } from "../lib/format.js";

const HEAD = ["Run", "Last", "at step", "Lowest", "Highest"];
const MOST_ROWS = 3000; // in all tables together

export class ValuesTable {
  isOfValues = true;
  emptyText;
  #element;
  #store;
  #runs = [];
  #metrics = [];
  #frame = 0;

  constructor(element, store) {
    this.#element = element;
    this.#store = store;
  }

  get element() {
    return this.#element;
  }

  get metrics() {
    return this.#metrics;
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.#element.replaceChildren();
  }

  async show(runs, metrics) {
    this.#runs = runs;
    this.#metrics = metrics.slice(0, Math.max(1, Math.floor(MOST_ROWS / Math.max(1, runs.length))));
    await this.#store.load(runs.map((run) => run.id), this.#metrics);
    this.redraw();
  }

  async add(metric) {
    if (!this.#metrics.includes(metric)) await this.show(this.#runs, [...this.#metrics, metric]);
  }

  append() {
    this.redraw();
  }

  redraw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#element.replaceChildren(...this.#metrics.map((metric) => this.#panel(metric)));
    });
  }

  setView() {}
  highlight() {}

  #panel(metric) {
    const known = this.#runs.map((run) => [run, this.#store.series(run.id, metric)]).filter(([, series]) => series?.count);
    const panel = make("figure", "chart values", make("figcaption", "chart-head", make("h2", "chart-title", ...titleParts(metric))));
    panel.dataset.metric = metric;
    if (known.length === 0) panel.append(make("p", "muted", this.emptyText ?? "No values yet"));
    else panel.append(scrolled(tableOf(known), metric));
    return panel;
  }
}

function scrolled(table, label) {
  const frame = make("div", "table-scroll", table);
  Object.assign(frame, { tabIndex: 0, role: "group", ariaLabel: `Values of ${label}` });
  return frame;
}

function tableOf(known) {
  const head = make("tr", "", ...HEAD.map((text, i) => Object.assign(make("th", i ? "right" : "", text), { scope: "col" })));
  return make("table", "runs", make("thead", "", head), make("tbody", "", ...known.map(([run, series]) => rowOf(run, series.columns))));
}

function rowOf(run, { step, value }) {
  const finite = value.filter((one) => one !== null);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity), high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const numbers = [value.at(-1) ?? NaN, null, ...(finite.length ? [low, high] : [NaN, NaN])].map(formatNumber);
  numbers[1] = formatStep(step.at(-1));
  const name = make("th", "", make("span", `dot run-color-${run.color}`), cut(run.name));
  name.scope = "row";
  const row = make("tr", "", name, ...numbers.map((text) => make("td", "num right", text)));
  row.dataset.run = run.id;
  return row;
}
