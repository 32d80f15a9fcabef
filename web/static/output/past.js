// Read back in a long output. The page then shows a window of it, part by part, and no longer its
// live end: parts are loaded before and behind it, and those far from the reader are dropped, so
// that the page stays small however long the output is.

import { drawLine } from "./lines.js";
import { OutputText } from "./text.js";
import { addressOf } from "../lib/base.js";

const MOST_LINES = 8000;

export class PastOutput {
  #element;
  #runId;
  #parts = []; // {start, end, element, nLines}, one after the other

  constructor(element, runId) {
    this.#element = element;
    this.#runId = runId;
  }

  get isEmpty() {
    return this.#parts.length === 0;
  }

  get start() {
    return this.#parts[0].start;
  }

  get end() {
    return this.#parts.at(-1).end;
  }

  clear() {
    this.#parts = [];
    this.#element.replaceChildren();
  }

  /** Begin with lines that are already drawn: those of the live end, from byte `start` to `end`. */
  adopt(start, end, lines) {
    const element = document.createElement("div");
    element.append(...lines);
    this.#parts = [{ start, end, element, nLines: element.children.length }];
    this.#element.replaceChildren(element);
  }

  /**
   * Load the part before the window, or the one behind it. Returns the current length of the
   * output.
   */
  async load(where) {
    const place = where === "before" ? this.start : this.end;
    const { start, end, text, size } = await this.ask({ [where]: place });
    if (end > start) this.#take(where, { start, end, ...drawn(text) });
    return size;
  }

  /**
   * Load the line that ends at a byte, with its surroundings. Returns the current length of the
   * output.
   */
  async jump(place) {
    const before = await this.ask({ before: place });
    const after = await this.ask({ after: before.end });
    this.clear();
    for (const { text, start, end } of [before, after]) if (end > start) this.#take("after", { start, end, ...drawn(text) });
    return after.size;
  }

  /** The target line of the jump. */
  get landing() {
    return this.#parts[0]?.element.lastElementChild ?? null;
  }

  /** Request a part of the output: {text, start, end, size}. Without a place its end. */
  async ask(place) {
    const answer = await fetch(addressOf(`/api/output?${new URLSearchParams({ run: this.#runId, ...place })}`));
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }

  #take(where, part) {
    if (where === "before") {
      this.#parts.unshift(part);
      this.#element.prepend(part.element);
    } else {
      this.#parts.push(part);
      this.#element.append(part.element);
    }
    let n = this.#parts.reduce((sum, one) => sum + one.nLines, 0);
    while (n > MOST_LINES && this.#parts.length > 2) {
      const far = where === "before" ? this.#parts.pop() : this.#parts.shift();
      far.element.remove();
      n -= far.nLines;
    }
  }
}

function drawn(text) {
  const output = new OutputText(0, Infinity);
  output.write(text);
  if (output.lines.at(-1).length === 0) output.lines.pop();
  const element = document.createElement("div");
  element.append(...output.lines.map(drawLine));
  return { element, nLines: output.lines.length };
}
