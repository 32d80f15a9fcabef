// The label of a run in the drawings of a sweep: beside the pointer, never under it.

import { make } from "../lib/elements.js";
import { wordOf } from "../lib/states.js";

const GAP = 14;

export class InsightTooltip {
  #box = document.createElement("div");

  constructor(parent) {
    this.#box.className = "tooltip insight-tooltip";
    this.#box.hidden = true;
    parent.append(this.#box);
  }

  hide() {
    this.#box.hidden = true;
  }

  remove() {
    this.#box.remove();
  }

  /** `lines`: [name, value] each. All of it is text. */
  show({ x, y, width, title, state, lines }) {
    const list = make("dl", "");
    for (const [name, value] of lines) list.append(make("dt", "", name), make("dd", "", value));
    this.#box.replaceChildren(make("div", "tooltip-run", `${title} · ${wordOf(state)}`), list);
    this.#box.hidden = false;
    const { offsetWidth, offsetHeight } = this.#box;
    const left = x + GAP + offsetWidth <= width ? x + GAP : Math.max(0, x - GAP - offsetWidth);
    const top = y - GAP - offsetHeight >= -24 ? y - GAP - offsetHeight : y + GAP;
    this.#box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
