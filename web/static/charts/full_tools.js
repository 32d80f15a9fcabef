// The tools above a chart in full screen: copies of those of the page, which they operate, so that
// both always agree. Loaded when a chart first fills the window.

import { make } from "../lib/elements.js";

const COPIED = ["#smoothing", "#chart-x", "#chart-outliers", "#log-x", "#chart-group", "#chart-band", "#chart-over"];

export class FullTools {
  element = make("div", "full-tools");
  #pairs = []; // [copy, tool of the page]
  #parts = []; // [copy, part of the page], each with the name of its tools
  #update = () => this.update();

  constructor() {
    for (const id of COPIED) {
      const tool = document.querySelector(id)?.closest("[role=group]") ?? document.querySelector(id)?.closest("label");
      if (tool) this.element.append(this.#copyOf(tool));
    }
    this.update();
    document.addEventListener("address:change", this.#update);
  }

  destroy() {
    document.removeEventListener("address:change", this.#update);
    this.element.remove();
  }

  /** Copy the state of the page's tools. */
  update() {
    for (const [copy, { hidden }] of this.#parts) copy.hidden = hidden;
    for (const [copy, { value, disabled, checked }] of this.#pairs) Object.assign(copy, { value, disabled, checked });
  }

  #copyOf(tool) {
    const copy = tool.cloneNode(true), find = (element) => element.querySelectorAll("input, select, output");
    const tools = find(tool);
    find(copy).forEach((one, i) => this.#connect(one, tools[i]));
    this.#parts.push([copy, tool]);
    return copy;
  }

  #connect(copy, tool) {
    copy.className = `full-${tool.id}`;
    copy.removeAttribute("id");
    copy.removeAttribute("for");
    this.#pairs.push([copy, tool]);
    for (const type of ["input", "change"]) {
      copy.addEventListener(type, () => {
        Object.assign(tool, copy.type === "checkbox" ? { checked: copy.checked } : { value: copy.value });
        tool.dispatchEvent(new Event(type, { bubbles: true }));
        for (const [other, from] of this.#pairs) if (other.tagName === "OUTPUT") other.value = from.value;
      });
    }
  }
}
