// The label of the nearest point: on the axis of x, where it covers only labels: no curve, no title
// and none of the tools.

import { make, named } from "../../lib/elements.js";
import { counted, formatDuration, formatNumber, formatStep } from "../../lib/format.js";

const GAP = 12;

export class Tooltip {
  #box = make("div", "tooltip");
  #run = make("div", "tooltip-run");
  #value = make("div", "tooltip-value");
  #where = make("div", "tooltip-where");
  #parent;

  constructor(parent) {
    this.#parent = parent;
    this.#box.hidden = true;
    this.#box.append(this.#run, this.#value, this.#where);
    parent.append(this.#box);
  }

  hide() {
    this.#box.hidden = true;
  }

  /**
   * At the point `i` of a curve, at (left, top) in pixels of the parent; `xText` is its place on
   * the axis.
   */
  show({ curve, i, left, top }, xText) {
    this.#run.replaceChildren(pointedDotOf(curve), named("tooltip-name", curve.name));
    this.#value.textContent = valueOf(curve, i);
    this.#where.textContent = whereOf(curve, i, xText);
    this.#box.hidden = false;
    this.#box.classList.add("is-short");
    this.#box.style.transform = `translate(${Math.round(this.#startAt(left))}px, ${this.#parent.clientHeight + 1}px)`;
  }

  /** Where the label begins, so that it stays within its chart. */
  #startAt(left) {
    const { offsetWidth } = this.#box, { clientWidth, offsetLeft } = this.#parent;
    return Math.max(-offsetLeft, Math.min(left - offsetWidth / 2, clientWidth - offsetWidth + GAP));
  }
}

function valueOf(curve, i) {
  if (!curve.n) return formatNumber(curve.value[i]);
  const spread = curve.spread(i);
  return formatNumber(curve.value[i]) + (spread ? ` ${spread}` : "");
}

function whereOf(curve, i, xText) {
  const parts = [curve.at ? curve.at(i) : `step ${formatStep(curve.step[i])}`];
  if (curve.n) parts.push(`${counted(curve.n[i])} of ${counted(curve.nRuns)} runs${curve.nNan[i] ? `, NaN in ${counted(curve.nNan[i])}` : ""}`);
  else parts.push(formatDuration(curve.elapsed(i)));
  if (!parts.includes(xText)) parts.push(xText); // a moment
  if (curve.raw) parts.push(`smoothed ${formatNumber(curve.y[i])}`);
  return parts.join(" · ");
}

export function dotOf(curve) {
  return make("span", `dot run-color-${curve.color}`);
}

/** In the colour that the curve has while it is pointed at. */
export function pointedDotOf(curve) {
  return make("span", `dot run-color-${curve.own ?? curve.color}`);
}
