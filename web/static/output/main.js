// The output of a run: its live end, followed as it grows, until the reader goes back in it.

import { formatBytes } from "../lib/format.js";
import { OutputFind } from "./find.js";
import { LiveLines } from "./lines.js";
import { PastOutput } from "./past.js";
import { OutputSearch } from "./search.js";
import { OutputText, withoutBytes } from "./text.js";

const AT_END_PX = 24;

export class OutputView {
  #text;
  #end = 0; // the byte up to which the output is known here
  #changedFrom = Infinity;
  #frame = 0;
  #live;
  #past;
  #search;
  #follow;
  #top = 0; // the reader's last position
  #loading = null; // events that arrive while a part is loading

  /** @param {HTMLElement} element  scrolls; `bar` holds the controls. */
  constructor(element, bar, { run, text, start, offset }) {
    this.element = element;
    this.#live = new LiveLines(element.querySelector(".output-live"));
    this.#past = new PastOutput(element.querySelector(".output-past"), run);
    const find = new OutputFind(bar, run, (line) => void this.#jump(line));
    const hasMore = () => ["before", "after"].some((where) => !this.#part(where).hidden);
    this.#search = new OutputSearch(element, bar, hasMore, (words) => find.search(hasMore() ? words : ""));
    this.#follow = bar.querySelector("#follow");
    element.addEventListener("scroll", () => this.#onScroll());
    new ResizeObserver(() => this.#follow.checked && this.#scrollToEnd()).observe(element);
    this.#follow.addEventListener("change", () => this.#follow.checked && void this.#toEnd());
    for (const where of ["before", "after"]) this.#part(where).addEventListener("click", () => void this.#load(where));
    this.#begin(text, start, offset);
  }

  /** A `log` event: text from byte `start` to `offset`. Both are 0 if the file started again. */
  take(event) {
    if (this.#loading) return this.#loading.push(event);
    const { start, offset, text } = event;
    if (offset === 0) return this.#begin("", 0, 0);
    if (offset <= this.#end) return undefined;
    if (this.#past.isEmpty) {
      if (start > this.#end) this.#begin("", start, start); // in a flood only the end came
      this.#write(start < this.#end ? withoutBytes(text, this.#end - start) : text);
    }
    this.#end = offset;
    return this.#showEnds();
  }

  #begin(text, start, offset) {
    this.#past.clear();
    this.#live.clear();
    this.#text = new OutputText(start);
    this.#changedFrom = 0;
    this.#end = offset;
    this.#write(text);
  }

  #write(text) {
    this.#changedFrom = Math.min(this.#changedFrom, this.#text.write(text));
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    if (!this.#past.isEmpty) return;
    this.#live.draw(this.#text, this.#changedFrom);
    this.#changedFrom = Infinity;
    if (this.#follow.checked) this.#scrollToEnd();
    this.#showEnds();
    this.#search.refresh();
  }

  // ---- Going back, and to the end again ----

  #part(where) {
    return this.element.querySelector(`[data-load=${where}]`);
  }

  /** Show what is before and behind the visible part. */
  #showEnds() {
    const isLive = this.#past.isEmpty;
    const before = isLive ? this.#text.start : this.#past.start;
    const after = isLive ? 0 : this.#end - this.#past.end;
    for (const [where, size, name] of [["before", before, "earlier"], ["after", after, "later"]]) {
      const button = this.#part(where);
      button.hidden = size <= 0;
      button.textContent = `Load ${name} output (${formatBytes(Math.max(0, size))} more)`;
    }
  }

  async #load(where) {
    if (this.#loading) return;
    await this.#whileLoading(async () => {
      if (this.#past.isEmpty) this.#freeze();
      const anchor = this.element.querySelector(where === "before" ? ".output-line" : ".output-past > :last-child > :last-child");
      const top = anchor?.getBoundingClientRect().top;
      this.#end = Math.max(this.#end, await this.#past.load(where));
      if (anchor) this.element.scrollTop += anchor.getBoundingClientRect().top - top;
    });
    this.#search.refresh();
  }

  /** To a line anywhere in the output. */
  async #jump({ end }) {
    if (this.#loading) return;
    await this.#whileLoading(async () => {
      if (this.#past.isEmpty) this.#freeze();
      this.#end = Math.max(this.#end, await this.#past.jump(end));
    });
    const line = this.#past.landing;
    if (!line) return;
    this.element.scrollTop += line.getBoundingClientRect().top - this.element.getBoundingClientRect().top - this.element.clientHeight / 3;
    this.#search.goTo(line);
  }

  /** From now on the page shows a window of the output: at first the lines of its live end. */
  #freeze() {
    if (this.#frame) this.#draw();
    this.#follow.checked = false;
    const lines = [...this.#live.element.children].slice(0, -1);
    this.#past.adopt(this.#text.start, this.#text.lastStart, lines);
    this.#live.clear();
  }

  async #toEnd() {
    if (!this.#past.isEmpty) {
      await this.#whileLoading(async () => {
        const { text, start, end } = await this.#past.ask({});
        this.#begin(text, start, end);
      });
    }
    this.#follow.checked = true;
    this.#scrollToEnd();
  }

  async #whileLoading(load) {
    this.#loading = [];
    this.element.setAttribute("aria-busy", "true");
    let trouble = "";
    try {
      await load();
    } catch (error) {
      trouble = `It could not be loaded (${error.message}). Try again.`;
    }
    const missed = this.#loading;
    this.#loading = null;
    this.element.removeAttribute("aria-busy");
    for (const event of missed) this.take(event);
    this.#showEnds();
    this.#search.showText(trouble);
  }

  #scrollToEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    const isUp = scrollTop < this.#top;
    this.#top = scrollTop;
    if (this.#past.isEmpty) this.#follow.checked = isAtEnd || (this.#follow.checked && !isUp);
    else if (isAtEnd && !this.#loading) void (this.#past.end < this.#end ? this.#load("after") : this.#toEnd());
  }
}
