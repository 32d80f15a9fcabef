// Search in the whole of an output, of which the page holds a part: the server finds the lines, and
// each links to its place.

import { element } from "../lib/elements.js";
import { formatBytes } from "../lib/format.js";
import { addressOf } from "../lib/base.js";

const PAUSE_MS = 300;

export class OutputFind {
  #bar;
  #runId;
  #jump;
  #place = null;
  #timer = 0;
  #asked = null;
  #lines = [];

  /**
   * @param {(line: {start: number, end: number, text: string}) => void} jump shows the line in its
   * place
   */
  constructor(bar, runId, jump) {
    this.#bar = bar;
    this.#runId = runId;
    this.#jump = jump;
  }

  /** Search for words, once they are entered (none: no search). */
  search(words) {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#lines = [];
    if (!words) return this.#clear();
    this.#timer = setTimeout(() => void this.#ask(words, 0), PAUSE_MS);
  }

  #clear() {
    this.#place?.remove();
    this.#place = null;
  }

  async #ask(words, from) {
    const asked = (this.#asked = new AbortController());
    try {
      const query = new URLSearchParams({ run: this.#runId, q: words, from: String(from) });
      const answer = await fetch(addressOf(`/api/output/search?${query}`), { signal: asked.signal });
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const { lines, searched_to: to, size } = await answer.json();
      this.#lines.push(...lines);
      this.#show(words, to, size);
    } catch (error) {
      if (!asked.signal.aborted) this.#draw(element("p", {}, `The whole output could not be searched (${error.message}).`));
    }
  }

  #show(words, to, size) {
    const items = this.#lines.map((line) => {
      const button = element("button", { type: "button", className: "found-line" }, ...marked(line.text, words));
      button.addEventListener("click", () => this.#jump(line));
      return element("li", {}, button);
    });
    const parts = [element("p", {}, foundText(this.#lines.length, to, size))];
    if (items.length) parts.push(element("ol", { className: "found-lines" }, ...items));
    if (to < size) {
      const more = element("button", { type: "button", className: "load-more" }, "Search on");
      more.addEventListener("click", () => void this.#ask(words, to));
      parts.push(more);
    }
    this.#draw(...parts);
  }

  #draw(...parts) {
    if (!this.#place) {
      this.#place = element("div", { className: "output-found" });
      this.#place.setAttribute("role", "region");
      this.#place.setAttribute("aria-label", "Found in the whole output");
      this.#bar.append(this.#place);
    }
    const top = this.#place.querySelector("ol")?.scrollTop ?? 0;
    this.#place.replaceChildren(...parts);
    const list = this.#place.querySelector("ol");
    if (list) list.scrollTop = top;
  }
}

/** Pure: how many lines there are, and of how much of the output. */
function foundText(n, to, size) {
  const lines = n === 0 ? "No line" : `${n.toLocaleString("en")} ${n === 1 ? "line" : "lines"}`;
  return to < size ? `${lines} in the first ${formatBytes(to)} of ${formatBytes(size)}` : `${lines} in the whole output`;
}

/** Pure: a text in pieces, with the matches as marks. */
function marked(text, words) {
  const small = text.toLowerCase(), wanted = words.toLowerCase();
  const at = small.length === text.length ? small.indexOf(wanted) : -1;
  if (at < 0) return [text];
  return [text.slice(0, at), element("mark", {}, text.slice(at, at + wanted.length)), text.slice(at + wanted.length)];
}
