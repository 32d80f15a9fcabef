// Histograms of several runs over one another: outlines on one axis, as densities, each in the
// colour of its run. What is compared are shapes: runs may have other numbers of values and bins.

import { make } from "../lib/elements.js";
import { formatNumber, formatStep } from "../lib/format.js";
import { ask, placeOf } from "./data.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000, HEIGHT = 200;

export class HistogramOverlay {
  #name;
  #stacks = new Map(); // run -> its histograms, all steps
  #turn = 0;
  #figure = document.createElementNS(SVG, "svg");
  #low = make("span");
  #high = make("span");
  #list = make("ul", "media-overlaid");

  constructor(name) {
    this.#name = name;
    this.#figure.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#figure.setAttribute("preserveAspectRatio", "none");
    this.#figure.setAttribute("role", "img");
    this.#figure.setAttribute("aria-label", `Histograms of ${name}, one outline for each run`);
    this.#figure.classList.add("media-overlay");
    this.element = make("div", "media-both", this.#figure, make("p", "media-axis num", this.#low, this.#high), this.#list);
  }

  /** @param {{run: {id: string, name: string, color: number}, step: number}[]} shown */
  async show(shown) {
    const mine = ++this.#turn;
    const stacks = await Promise.all(shown.map(({ run, step }) => this.#stackOf(run.id, step)));
    if (mine !== this.#turn) return;
    const outlines = shown.map(({ run, step }, at) => ({ run, ...histogramAt(stacks[at], step) }));
    const { low, high, lines } = outlinesOf(outlines);
    this.#figure.replaceChildren(...lines.map((points, at) => outline(points, outlines[at].run.color)));
    [this.#low.textContent, this.#high.textContent] = [formatNumber(low), formatNumber(high)];
    this.#list.replaceChildren(...outlines.map(legend));
  }

  async #stackOf(run, step) {
    const known = this.#stacks.get(run);
    if (known?.steps.includes(step)) return known;
    const found = await ask("/histograms", { run, name: this.#name });
    this.#stacks.set(run, found);
    return found;
  }
}

function histogramAt(stack, step) {
  const place = placeOf(stack.steps, step);
  return { edges: stack.edges, shares: stack.shares[place], step: stack.steps[place], facts: stack.facts[place], percentiles: stack.percentiles[place] };
}

/** Pure: for each histogram the corners of its outline in the box of the drawing. */
export function outlinesOf(histograms) {
  const low = Math.min(...histograms.map(({ edges }) => edges[0]));
  const high = Math.max(...histograms.map(({ edges }) => edges.at(-1)));
  const densities = histograms.map(({ edges, shares }) => shares.map((share, bin) => share / (edges[bin + 1] - edges[bin] || 1)));
  const most = Math.max(...densities.flat(), Number.MIN_VALUE), wide = high - low || 1;
  const x = (value) => ((value - low) / wide) * WIDTH;
  const lines = histograms.map(({ edges }, at) => {
    const points = [[x(edges[0]), HEIGHT]];
    densities[at].forEach((density, bin) => {
      const y = HEIGHT * (1 - (0.98 * density) / most);
      points.push([x(edges[bin]), y], [x(edges[bin + 1]), y]);
    });
    return [...points, [x(edges.at(-1)), HEIGHT]];
  });
  return { low, high, lines };
}

function outline(points, color) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}`);
  path.classList.add(`run-color-${color}`);
  return path;
}

function legend({ run, step, facts, percentiles }) {
  const middle = percentiles ? ` · median ${formatNumber(percentiles[3])}` : "";
  const range = facts.minimum === null ? "" : ` · ${formatNumber(facts.minimum)} to ${formatNumber(facts.maximum)}`;
  return make("li", "", make("span", `dot run-color-${run.color}`), make("span", "media-run", run.name), make("span", "media-step num", `step ${formatStep(step)}${middle}${range}`));
}
