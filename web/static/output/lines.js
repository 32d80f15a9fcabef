// Lines of output as DOM, each drawn again only if it changed.

import { applyStyle } from "./ansi.js";
import { spansOf } from "./text.js";

export function drawLine(line) {
  const element = document.createElement("div");
  element.className = "output-line";
  for (const { text, style } of spansOf(line)) {
    if (!style) element.append(text);
    else {
      const span = document.createElement("span");
      applyStyle(span, style);
      span.textContent = text;
      element.append(span);
    }
  }
  return element;
}

/** Shows an `OutputText` in an element; `draw(from)` brings it up to date from a line on. */
export class LiveLines {
  #firstShown = 0;

  constructor(element) {
    this.element = element;
  }

  clear() {
    this.#firstShown = 0;
    this.element.replaceChildren();
  }

  draw({ lines, first }, from) {
    const { children } = this.element;
    for (; this.#firstShown < first && children.length; this.#firstShown++) children[0].remove();
    this.#firstShown = first;
    const fresh = document.createDocumentFragment();
    for (let number = Math.max(from, first); number < first + lines.length; number++) {
      const shown = children[number - first];
      const drawn = drawLine(lines[number - first]);
      if (shown) shown.replaceWith(drawn);
      else fresh.append(drawn);
    }
    this.element.append(fresh);
  }
}
