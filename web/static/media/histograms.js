// Histograms of all steps as a heat map or as ridges, and that of the chosen step with its numbers.

import { button, make } from "../lib/elements.js";
import { counted, formatNumber, formatStep } from "../lib/format.js";
import { recall, keep } from "../lib/storage.js";
import { Latest, placeOf } from "./data.js";
import { drawBars, drawHeatMap, drawRidges } from "./histogram_drawing.js";

const MODE = "media-histograms";
const AGAIN_MS = 2000;

export class HistogramBody {
  showsAll = true; // what is drawn changes with every step that comes
  #run;
  #info;
  #card;
  #latest = new Latest();
  #stack = null;
  #count = -1;
  #mode = recall(MODE) === "ridge" ? "ridge" : "heat";
  #canvas = document.createElement("canvas");
  #bars = document.createElement("canvas");
  #facts = make("p", "media-facts num");
  #askedAt = -Infinity;

  constructor(run, info, card) {
    this.#run = run;
    this.#info = info;
    this.#card = card;
    this.tools = [button("media-mode", "", () => this.#switch())];
    this.#canvas.className = "media-stack";
    this.#bars.className = "media-bars";
    this.#canvas.role = "img";
    this.element = make("div", "media-histogram", this.#canvas, this.#bars, this.#facts);
    this.#canvas.addEventListener("click", (event) => this.#choose(event));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#name();
  }

  async show(step) {
    this.step = step;
    if (this.#stack === null || (!this.#stack.steps.includes(step) && performance.now() - this.#askedAt > AGAIN_MS)) {
      this.#askedAt = performance.now();
      const found = await this.#latest.ask("/histograms", { run: this.#run, name: this.#info.name });
      if (found === null) return;
      if (!found.steps.length) throw new Error("This histogram cannot be shown: what was logged is damaged.");
      this.#stack = found;
    }
    this.#draw();
  }

  #switch() {
    this.#mode = this.#mode === "heat" ? "ridge" : "heat";
    keep(MODE, this.#mode);
    this.#name();
    this.#draw();
  }

  #name() {
    this.tools[0].textContent = this.#mode === "heat" ? "Ridges" : "Heat map";
    this.#canvas.ariaLabel = `${this.#info.name} over the steps as ${this.#mode === "heat" ? "a heat map" : "ridges"}`;
  }

  #choose(event) {
    if (!this.#stack || this.#mode !== "heat") return;
    const box = this.#canvas.getBoundingClientRect();
    const n = this.#stack.steps.length;
    const place = Math.min(n - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * n)));
    this.#card.choose(this.#stack.steps[place]);
  }

  #draw() {
    const stack = this.#stack;
    if (!stack || !stack.steps.length || !this.element.clientWidth) return;
    const place = placeOf(stack.steps, this.step);
    (this.#mode === "heat" ? drawHeatMap : drawRidges)(this.#canvas, stack, place);
    drawBars(this.#bars, stack, place);
    this.#facts.textContent = factsOf(stack, place);
  }
}

/** Pure: the numbers of one histogram in words. */
export function factsOf(stack, place) {
  const { number, minimum, maximum, mean, n_not_finite: nNotFinite } = stack.facts[place];
  const parts = [`step ${formatStep(stack.steps[place])}`, `${counted(number)} values`];
  if (minimum !== null) parts.push(`${formatNumber(minimum)} to ${formatNumber(maximum)}`, `mean ${formatNumber(mean)}`);
  const percentiles = stack.percentiles[place];
  if (percentiles) parts.push(`5 % ${formatNumber(percentiles[1])}`, `median ${formatNumber(percentiles[3])}`, `95 % ${formatNumber(percentiles[5])}`);
  if (nNotFinite) parts.push(`${counted(nNotFinite)} not finite`);
  return parts.join(" · ");
}
