// Histograms of several runs over one another: outlines on one axis, as densities, each in the
// colour of its run. Shapes are compared: runs may have other numbers of values and bins.

import { make } from "../lib/elements.js";
import { formatNumber, formatStep } from "../lib/format.js";
import { HistogramStack } from "./histogram_stack.js";

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

  /** @param {{run: {id: string, name: string, color: number}, step: number, count: number}[]} shown */
  async show(shown) {
    const mine = ++this.#turn;
    const found = await Promise.all(shown.map(({ run, step, count }) => this.#histogramOf(run.id, step, count)));
    if (mine !== this.#turn || found.includes(null)) return;
    const outlines = shown.map(({ run }, at) => ({ run, ...found[at] }));
    const { low, high, lines } = outlinesOf(outlines);
    this.#figure.replaceChildren(...lines.map((points, at) => outline(points, outlines[at].run.color)));
    [this.#low.textContent, this.#high.textContent] = [formatNumber(low), formatNumber(high)];
    this.#list.replaceChildren(...outlines.map(legend));
  }

  async #histogramOf(run, step, count) {
    const known = this.#stacks.get(run) ?? new HistogramStack(run, this.#name);
    this.#stacks.set(run, known);
    if (known.all === null && !(await known.load(count))) return null;
    const found = await known.at(step, count);
    return found && histogramAt(found);
  }
}

function histogramAt({ stack, at }) {
  return { edges: stack.edges, shares: stack.shares[at], step: stack.steps[at], facts: stack.facts[at], percentiles: stack.percentiles[at] };
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
