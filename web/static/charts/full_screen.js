// One chart in the whole window: its own element, temporarily inside a dialog, with a legend beside
// it and the tools above that change how it is drawn.

import { make } from "../lib/elements.js";

export class FullScreen {
  #dialog = document.createElement("dialog");
  #chart = null;
  #tools = null;
  #place = make("div", "full-tools"); // the place of the tools: nothing moves when they come

  constructor(parent, onClose) {
    this.#dialog.className = "full-chart";
    this.#dialog.addEventListener("close", () => this.#dialog.childElementCount && onClose());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    parent.append(this.#dialog);
  }

  /** Show this chart (null: none). The sections take back any other. */
  show(chart) {
    if (chart === this.#chart) return;
    this.#chart?.setLegend(null);
    this.#chart = chart;
    this.#tools?.destroy();
    this.#tools = null;
    this.#dialog.replaceChildren(...(chart ? [this.#place, chart.element] : []));
    if (!chart) return this.#dialog.close();
    this.#dialog.ariaLabel = chart.metric;
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#addAround(chart);
  }

  async #addAround(chart) {
    const [{ FullLegend }, { FullTools }] = await Promise.all([import("./full_legend.js"), import("./full_tools.js")]);
    if (chart !== this.#chart) return;
    this.#tools = new FullTools();
    this.#place.replaceWith(this.#tools.element);
    chart.setLegend(new FullLegend());
  }
}
