// Histograms of all steps as a heat map or as ridges, and that of the chosen step with its numbers.

import { button, make } from "../lib/elements.js";
import { counted, formatNumber, formatStep } from "../lib/format.js";
import { recall, keep } from "../lib/storage.js";
import { placeOfStep } from "./data.js";
import { drawBars, drawHeatMap, drawRidges } from "./histogram_drawing.js";
import { HistogramStack } from "./histogram_stack.js";
import { Pager } from "./pager.js";

const MODE = "media-histograms";
const AGAIN_MS = 2000;

export class HistogramBody {
  #info;
  #card;
  #histograms;
  #step = null;
  #count = 0;
  #which = null; // of several of this step. null: the last one
  #shown = null;
  #turn = 0;
  #askedAt = -Infinity;
  #timer = 0;
  #mode = recall(MODE) === "ridge" ? "ridge" : "heat";
  #canvas = document.createElement("canvas");
  #drawn = make("p", "media-facts muted");
  #pager = new Pager("Histogram before", "Next histogram", (by) => this.#page(by), "Histogram");
  #bars = document.createElement("canvas");
  #facts = make("p", "media-facts num");

  constructor(run, info, card) {
    this.#info = info;
    this.#card = card;
    this.#histograms = new HistogramStack(run, info.name);
    this.tools = [button("media-mode", "", () => this.#switch())];
    this.#canvas.className = "media-stack";
    this.#bars.className = "media-bars";
    this.#canvas.role = "img";
    this.#drawn.hidden = true;
    this.element = make("div", "media-histogram", this.#canvas, this.#drawn, this.#pager.element, this.#bars, this.#facts);
    this.#canvas.addEventListener("click", (event) => this.#choose(event));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#name();
  }

  /** @param {number} count  how many histograms there are: if there are more, the drawing is outdated */
  async show(step, count) {
    if (step !== this.#step) this.#which = null;
    [this.#step, this.#count] = [step, count];
    if (this.#histograms.all === null) {
      if (!(await this.#load())) return;
    } else if (this.#histograms.count !== count) this.#loadSoon();
    await this.#showStep();
  }

  #load() {
    this.#askedAt = performance.now();
    return this.#histograms.load(this.#count);
  }

  /** The drawing of all steps is brought up to date, but not more often than every other second. */
  #loadSoon() {
    if (this.#timer) return;
    const again = async () => {
      this.#timer = 0;
      if (this.element.isConnected && (await this.#load())) await this.#showStep();
    };
    this.#timer = setTimeout(() => void again().catch(() => {}), Math.max(0, this.#askedAt + AGAIN_MS - performance.now()));
  }

  async #showStep() {
    const mine = ++this.#turn;
    try {
      const found = await this.#histograms.at(this.#step, this.#count, this.#which);
      if (found === null || mine !== this.#turn) return;
      this.#shown = found;
    } catch (error) {
      if (mine === this.#turn) this.#shown = null;
      throw error;
    } finally {
      if (mine === this.#turn) this.#draw();
    }
  }

  #page(by) {
    this.#which = this.#shown.which + by;
    this.#card.again();
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
    const steps = this.#histograms.all?.steps;
    if (!steps || this.#mode !== "heat") return;
    const box = this.#canvas.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * steps.length);
    this.#card.choose(steps[Math.min(steps.length - 1, Math.max(0, place))]);
  }

  #draw() {
    const { all } = this.#histograms, shown = this.#shown;
    if (!all || !this.element.clientWidth) return;
    (this.#mode === "heat" ? drawHeatMap : drawRidges)(this.#canvas, all, placeOfStep(all.steps, this.#step));
    this.#drawn.hidden = all.steps.length >= all.n_steps;
    this.#drawn.textContent = `${counted(all.steps.length)} of ${counted(all.n_steps)} steps are drawn.`;
    this.#bars.hidden = shown === null;
    if (shown) drawBars(this.#bars, shown.stack, shown.at);
    this.#pager.show(shown?.which ?? 0, 1, shown?.n ?? 1);
    this.#facts.textContent = shown ? factsOf(shown.stack, shown.at) : "";
  }
}

/** Pure: the numbers of one histogram in words. */
function factsOf(stack, place) {
  const { number, minimum, maximum, mean, n_not_finite: nNotFinite } = stack.facts[place];
  const parts = [`step ${formatStep(stack.steps[place])}`, `${counted(number)} values`];
  if (minimum !== null) parts.push(`${formatNumber(minimum)} to ${formatNumber(maximum)}`, `mean ${formatNumber(mean)}`);
  const percentiles = stack.percentiles[place];
  if (percentiles) parts.push(`5 % ${formatNumber(percentiles[1])}`, `median ${formatNumber(percentiles[3])}`, `95 % ${formatNumber(percentiles[5])}`);
  if (nNotFinite) parts.push(`${counted(nNotFinite)} not finite`);
  return parts.join(" · ");
}
