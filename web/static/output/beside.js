// The ends of several outputs side by side, each followed as it grows.

import { addressOf } from "../lib/base.js";
import { make } from "../lib/elements.js";
import { LiveLines } from "./lines.js";
import { OutputText, withoutBytes } from "./text.js";

const MOST_LINES = 300;
const AT_END_PX = 24;

export class OutputsBeside {
  #ends = new Map(); // run id -> OutputEnd

  /**
   * Show the outputs of these elements. Returns run id -> the byte up to which it is known, for all
   * that are shown.
   */
  async mount(elements) {
    const shown = new Map(elements.map((element) => [element.dataset.outputOf, element]));
    for (const [run, end] of this.#ends) if (shown.get(run) !== end.element) this.#ends.delete(run);
    const fresh = [...shown].filter(([run]) => !this.#ends.has(run)).map(([run, element]) => [run, new OutputEnd(element)]);
    for (const [run, end] of fresh) this.#ends.set(run, end);
    await Promise.all(fresh.map(([run, end]) => end.load(run)));
    return new Map([...this.#ends].map(([run, { offset }]) => [run, offset]));
  }

  /** A `log` event: text from byte `start` to `offset`. Both are 0 if the file started again. */
  take(event) {
    this.#ends.get(event.run)?.take(event);
  }
}

class OutputEnd {
  offset = 0; // the byte up to which it is known
  #text = null;
  #lines;

  constructor(element) {
    this.element = element;
    const area = make("div", "output-live");
    element.replaceChildren(area);
    this.#lines = new LiveLines(area);
  }

  async load(run) {
    try {
      const answer = await fetch(addressOf(`/api/output?${new URLSearchParams({ run })}`));
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const { text, start, end } = await answer.json();
      this.#begin(start);
      this.#write(text || "", end);
      if (text === "") this.element.append(make("p", "muted output-nothing", "It has printed nothing."));
    } catch (error) {
      this.element.append(make("p", "muted", `It could not be loaded (${error.message}).`));
    }
  }

  take({ start, offset, text }) {
    if (!this.#text || (offset !== 0 && offset <= this.offset)) return;
    if (offset === 0 || start > this.offset) this.#begin(start); // in a flood only the end came
    this.#write(start < this.offset ? withoutBytes(text, this.offset - start) : text, offset);
  }

  #begin(start) {
    this.#lines.clear();
    this.#text = new OutputText(start, MOST_LINES);
    this.offset = start;
  }

  #write(text, offset) {
    const { element } = this;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
    if (text) element.querySelector(".output-nothing")?.remove();
    this.#lines.draw(this.#text, this.#text.write(text));
    this.offset = offset;
    if (isAtEnd) element.scrollTop = element.scrollHeight;
  }
}
