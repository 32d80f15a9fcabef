// The small label at the point under the pointer. It stands beside the point, never on it.

import { formatDuration, formatNumber, formatStep } from "./format.js";

const GAP = 12;

export class Tooltip {
  #box = document.createElement("div");
  #run = line("tooltip-run");
  #value = line("tooltip-value");
  #where = line("tooltip-where");

  constructor(parent) {
    this.#box.className = "tooltip";
    this.#box.hidden = true;
    this.#box.append(this.#run, this.#value, this.#where);
    parent.append(this.#box);
  }

  hide() {
    this.#box.hidden = true;
  }

  /** `x`, `y`: the point, in pixels of the parent, which is `width` wide. */
  show({ x, y, width, run, value, step, elapsed }) {
    const dot = document.createElement("span");
    dot.className = `dot run-color-${run.color}`;
    this.#run.replaceChildren(dot, run.name);
    this.#value.textContent = formatNumber(value);
    this.#where.textContent = `step ${formatStep(step)} · ${formatDuration(elapsed)}`;
    this.#box.hidden = false;
    const { offsetWidth, offsetHeight } = this.#box;
    const isRightFree = x + GAP + offsetWidth <= width;
    const left = isRightFree ? x + GAP : Math.max(x - GAP - offsetWidth, -48);
    const top = y - offsetHeight - GAP >= -24 ? y - offsetHeight - GAP : y + GAP;
    this.#box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

function line(name) {
  const element = document.createElement("div");
  element.className = name;
  return element;
}
