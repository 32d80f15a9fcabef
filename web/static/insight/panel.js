// One drawing of a sweep in its panel. Nothing is loaded before it is in view: then ECharts, the
// module of the drawing, and the runs as columns.

import { loadScript } from "../live/assets.js";
import { readInsightColors } from "./colors.js";
import { filtersOfTable } from "./data.js";
import { InsightTooltip } from "./tooltip.js";
import { pointOut } from "../lib/pointing.js";
import { onThemeChange } from "../lib/theme.js";

/**
 * A view is drawn by the class `View` of the module with its name in `PANELS` of insight/views.py.
 *
 * @typedef {object} View
 * @property {(data, context) => object} option  what ECharts draws
 * @property {(params, data) => number | null} place  which run an event of ECharts concerns
 * @property {(place, data) => object | null} target  what to highlight for a run
 * @property {(data, place, params) => [string, string][]} lines  the lines of the tooltip for a run
 * @property {(data) => Promise<void>} [refresh]  fetch what else it needs
 * @property {(chart, data, context: () => object) => void} [bind]  `unbind` undoes it
 * @property {(chart, data, context) => void} [drawn]  after each drawing
 * @property {(params) => string} [state]  of what is pointed at, if it is not the run's
 * @property {() => boolean} [isBusy]  it must not be drawn again now
 * @property {boolean} [dependsOnWidth]
 */
const NO_LIBRARY = "ECharts, which draws this, could not be loaded. The values are in the tables. Reload the page to try again.";

const READ_ON_MS = 200;

let library = null; // a promise: ECharts has arrived

export class InsightPanel {
  isReady = false;
  #figure;
  #data;
  #assets;
  #shown = ""; // the figure's attributes as they are drawn
  #chart = null;
  #view = null;
  #colors = null;
  #tooltip = null;
  #seen;
  #resized;
  #endTheme;
  #pointed = null;
  #again = 0;

  constructor(figure, element, data, assets) {
    Object.assign(this, { element, kind: figure.dataset.view });
    this.#figure = figure;
    this.#data = data;
    this.#assets = assets;
    const look = (entries) => entries.some((one) => one.isIntersecting) && void this.#open();
    this.#seen = new IntersectionObserver(look, { rootMargin: "200px" });
    this.#seen.observe(element);
  }

  async #open() {
    this.#seen.disconnect();
    library ??= loadScript(this.#assets.echarts);
    try {
      const [hasLibrary, view] = await Promise.all([library, this.#load(), this.#data.refresh(this.#figure.dataset)]);
      if (!this.element.isConnected) return;
      if (hasLibrary) this.#begin(view);
      else this.#showNote(NO_LIBRARY);
    } catch (error) {
      this.#showNote(`The runs could not be loaded (${error.message}). Reload the page to try again.`);
    }
  }

  async #load() {
    const { View } = await import(`./views/${this.kind}.js`);
    const view = new View();
    await view.refresh?.(this.#data);
    return view;
  }

  #begin(view) {
    this.#view = view;
    this.#colors = readInsightColors();
    // inside an element that htmx never morphs, with all that is drawn
    const place = document.createElement("div");
    place.className = "insight-drawing";
    this.element.replaceChildren(place);
    this.#tooltip = new InsightTooltip(this.element);
    this.#chart = globalThis.echarts.init(place, null, { renderer: "canvas" });
    this.#chart.on("mousemove", (params) => this.#point(params));
    this.#chart.on("mouseout", () => this.#point(null));
    this.#chart.on("click", (params) => this.#go(view.place(params, this.#data)));
    this.#chart.getZr().on("globalout", () => this.#point(null));
    view.bind?.(this.#chart, this.#data, () => this.#context);
    this.#resized = new ResizeObserver(() => this.#resize());
    this.#resized.observe(this.element);
    this.#endTheme = onThemeChange(() => {
      this.#colors = readInsightColors();
      this.draw();
    });
    this.isReady = true;
    this.#showNote("");
    this.draw();
  }

  get #context() {
    return { ...this.#figure.dataset, colors: this.#colors, width: this.element.clientWidth, height: this.element.clientHeight };
  }

  #resize() {
    this.#chart.resize();
    if (this.#view.dependsOnWidth) this.draw();
  }

  draw() {
    const option = this.#view.option(this.#data, this.#context);
    this.#chart.setOption({ animation: false, textStyle: { fontFamily: this.#colors.font }, ...option }, { notMerge: true });
    this.#view.drawn?.(this.#chart, this.#data, this.#context);
    this.#shown = this.#asked;
    this.element.dataset.runs = this.#data.count;
    if (this.#data.passing) this.element.dataset.passing = this.#data.passing.size;
    else delete this.element.dataset.passing;
    clearTimeout(this.#again);
    if (this.#data.nUnread > 0) this.#again = setTimeout(() => this.reload(), READ_ON_MS);
  }

  get #asked() {
    return JSON.stringify([this.#figure.dataset, filtersOfTable(["run", "archived"]).toString()]);
  }

  async reload() {
    await Promise.all([this.#data.refresh(this.#figure.dataset), this.#view.refresh?.(this.#data)]);
    if (this.isReady && !this.#view.isBusy?.()) this.draw();
  }

  /** The page was swapped: its attributes and its address may require something else. */
  update() {
    if (!this.isReady || this.#asked === this.#shown) return;
    this.#shown = this.#asked;
    this.reload().catch((error) => console.warn(`insight: ${error.message}`));
  }

  /** Mark a run that is pointed at elsewhere. */
  highlight(runId) {
    if (!this.isReady || runId === this.#pointed) return;
    this.#pointed = runId;
    this.#chart.dispatchAction({ type: "downplay" });
    const place = this.#data.placeOf(runId);
    const target = place < 0 ? null : this.#view.target(place, this.#data);
    if (target) this.#chart.dispatchAction({ type: "highlight", ...target });
  }

  #point(params) {
    const place = params ? this.#view.place(params, this.#data) : null;
    const id = place === null ? null : this.#data.id(place);
    this.element.style.cursor = id === null ? "" : "pointer";
    if (id !== this.#pointed) {
      this.#pointed = id;
      pointOut(id);
    }
    if (place === null) return this.#tooltip.hide();
    const { offsetX: x, offsetY: y } = params.event;
    const lines = this.#view.lines(this.#data, place, params);
    this.#tooltip.show({ x, y, width: this.element.clientWidth, title: this.#data.title(place), state: this.#view.state?.(params) ?? this.#data.state(place), lines });
  }

  #go(place) {
    const href = place === null ? null : this.#data.href(place);
    if (href) location.assign(href);
  }

  #showNote(text) {
    const note = this.#figure.querySelector(".insight-note");
    note.textContent = text;
    note.hidden = text === "";
  }

  destroy() {
    this.isReady = false;
    clearTimeout(this.#again);
    this.#seen.disconnect();
    this.#resized?.disconnect();
    this.#endTheme?.();
    this.#tooltip?.remove();
    this.#view?.unbind?.();
    this.#chart?.dispose();
  }
}
