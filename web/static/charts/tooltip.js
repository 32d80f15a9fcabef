// The label of the nearest point: above the plotting area, where it hides no curve; beside the point
// in full screen, where that would be far away.

import { make, named } from "../lib/elements.js";
import { counted, formatDuration, formatNumber, formatStep } from "../lib/format.js";

const GAP = 12;
const LARGE = { width: 600, height: 400 }; // pixels

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

  /** At the point `i` of a curve, at (left, top) in pixels of the parent; `xText` is where that is on the axis. */
  show({ curve, i, left, top }, xText) {
    this.#run.replaceChildren(pointedDotOf(curve), named("tooltip-name", curve.name));
    this.#value.textContent = valueOf(curve, i);
    this.#where.textContent = whereOf(curve, i, xText);
    this.#box.hidden = false;
    const { clientWidth, clientHeight } = this.#parent;
    const isAbove = clientWidth < LARGE.width || clientHeight < LARGE.height;
    this.#box.classList.toggle("is-short", isAbove);
    const [x, y] = isAbove ? this.#above(left) : this.#beside(left, top);
    this.#box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  #beside(left, top) {
    const { offsetWidth, offsetHeight } = this.#box;
    const isRightFree = left + GAP + offsetWidth <= this.#parent.clientWidth;
    const x = isRightFree ? left + GAP : Math.max(left - GAP - offsetWidth, -48);
    return [x, top - offsetHeight - GAP >= -24 ? top - offsetHeight - GAP : top + GAP];
  }

  /** Over the title, or below the axis where the title has scrolled away. */
  #above(left) {
    const { offsetWidth, offsetHeight } = this.#box;
    const { clientWidth, clientHeight, offsetLeft } = this.#parent;
    const x = Math.max(-offsetLeft, Math.min(left - offsetWidth / 2, clientWidth - offsetWidth + GAP));
    const topbar = this.#parent.closest("dialog") ? 0 : document.querySelector(".topbar")?.offsetHeight ?? 0;
    const isAboveFree = this.#parent.getBoundingClientRect().top - offsetHeight >= topbar;
    return [x, isAboveFree ? -offsetHeight : clientHeight + 2];
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
