// What stands beside the pointer: a small label at the nearest point, and outside the chart the
// list of all curves at that x. Neither covers what it explains.

import { make } from "./elements.js";
import { formatDuration, formatNumber, formatStep } from "./format.js";

const GAP = 12;
const MARGIN = 8;
export const MOST_LISTED = 10;

export class Tooltip {
  #box = make("div", "tooltip");
  #run = make("div", "tooltip-run");
  #value = make("div", "tooltip-value");
  #where = make("div", "tooltip-where");

  constructor(parent) {
    this.#box.hidden = true;
    this.#box.append(this.#run, this.#value, this.#where);
    parent.append(this.#box);
  }

  hide() {
    this.#box.hidden = true;
  }

  /** At the point `i` of a curve, at (left, top) in pixels of the parent, which is `width` wide. */
  show({ curve, i, left, top }, width) {
    this.#run.replaceChildren(dotOf(curve), curve.name);
    this.#value.textContent = valueOf(curve, i);
    this.#where.textContent = whereOf(curve, i);
    this.#box.hidden = false;
    const { offsetWidth, offsetHeight } = this.#box;
    const isRightFree = left + GAP + offsetWidth <= width;
    const x = isRightFree ? left + GAP : Math.max(left - GAP - offsetWidth, -48);
    const y = top - offsetHeight - GAP >= -24 ? top - offsetHeight - GAP : top + GAP;
    this.#box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }
}

function valueOf(curve, i) {
  if (!curve.n) return formatNumber(curve.value[i]);
  const spread = curve.spread(i);
  return formatNumber(curve.value[i]) + (spread ? ` ${spread}` : "");
}

function whereOf(curve, i) {
  const parts = [curve.at ? curve.at(i) : `step ${formatStep(curve.step[i])}`];
  if (curve.n) parts.push(`${curve.n[i]} of ${curve.nRuns} runs${curve.nNan[i] ? `, NaN in ${curve.nNan[i]}` : ""}`);
  else parts.push(formatDuration(curve.elapsed(i)));
  if (curve.raw) parts.push(`smoothed ${formatNumber(curve.y[i])}`);
  return parts.join(" · ");
}

/** The sorted list: below the chart, or above it where there is no room. */
export class ValueList {
  #box = make("div", "value-list");
  #figure;

  constructor(figure) {
    this.#figure = figure;
    this.#box.hidden = true;
    this.#box.ariaHidden = "true"; // the same stands in the tables and on each run's page
    figure.append(this.#box);
  }

  hide() {
    this.#box.hidden = true;
  }

  destroy() {
    this.#box.remove();
  }

  /** @param {{shown: {curve: object, i: number, y: number}[], nAbove: number, nBelow: number}} list */
  show({ shown, nAbove, nBelow }, pointedId, xText) {
    if (shown.length < 2) return this.hide();
    const more = (n, word) => (n ? [make("div", "value-list-more", `${n} more ${word}`)] : []);
    const pointed = shown.find(({ curve }) => curve.id === pointedId);
    const rows = shown.map(({ curve, i, y }) => {
      const row = make("div", `value-list-row${curve.id === pointedId ? " is-pointed" : ""}`);
      row.append(dotOf(curve), make("span", "value-list-name", curve.name + elsewhere(curve, i, pointed)), make("span", "num", formatNumber(y)));
      return row;
    });
    this.#box.replaceChildren(make("div", "value-list-head", xText), ...more(nAbove, "above"), ...rows, ...more(nBelow, "below"));
    this.#box.hidden = false;
    this.#place();
  }

  #place() {
    if (this.#figure.classList.contains("is-full")) return this.#box.removeAttribute("style");
    const { left, width, top, bottom } = this.#figure.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.#box;
    const x = Math.max(MARGIN, Math.min(left + (width - offsetWidth) / 2, innerWidth - offsetWidth - MARGIN));
    const isBelowFree = bottom + MARGIN / 2 + offsetHeight <= innerHeight;
    const y = isBelowFree ? bottom + MARGIN / 2 : top - MARGIN / 2 - offsetHeight;
    this.#box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }
}

/** Of a run whose nearest drawn point is of another step: which, since its value is of that one. */
function elsewhere(curve, i, pointed) {
  const step = curve.step?.[i], here = pointed?.curve.step?.[pointed.i];
  return step === undefined || here === undefined || step === here ? "" : ` (step ${formatStep(step)})`;
}

function dotOf(curve) {
  return make("span", `dot run-color-${curve.color}`);
}
