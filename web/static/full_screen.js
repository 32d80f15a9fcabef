// One chart in the whole window: its own element, for a while inside a dialog, with a legend of its
// own beside it.

export class FullScreen {
  #dialog = document.createElement("dialog");
  #chart = null;

  constructor(parent, onClose) {
    this.#dialog.className = "full-chart";
    this.#dialog.addEventListener("close", () => this.#dialog.childElementCount && onClose());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    parent.append(this.#dialog);
  }

  /** Show this chart; null: none. The sections take back what is not here. */
  show(chart) {
    if (chart === this.#chart) return;
    this.#chart?.setLegend(null);
    this.#chart = chart;
    this.#dialog.replaceChildren(...(chart ? [chart.element] : []));
    if (!chart) return this.#dialog.close();
    this.#dialog.ariaLabel = chart.metric;
    if (!this.#dialog.open) this.#dialog.showModal();
    void this.#addLegend(chart);
  }

  async #addLegend(chart) {
    const { FullLegend } = await import("./full_legend.js");
    if (chart === this.#chart) chart.setLegend(new FullLegend());
  }
}
