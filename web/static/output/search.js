// Search in the output that the page holds: matches are marked and counted, Enter and the arrows go
// from one to the next. Marks are the browser's own (CSS highlights): the lines stay as they are.

import { counted } from "../lib/format.js";

const MOST_MATCHES = 2000;
const PAUSE_MS = 150;
const LIGHTS = globalThis.CSS?.highlights;

export class OutputSearch {
  #element;
  #field;
  #count;
  #buttons;
  #hasMore;
  #matches = [];
  #current = -1;
  #timer = 0;
  #onWords;

  /**
   * @param {() => boolean} hasMore whether there is output that the page does not hold
   * @param {(words: string) => void} onWords called when the search changes
   */
  constructor(element, bar, hasMore, onWords) {
    this.#onWords = onWords;
    this.#element = element;
    this.#hasMore = hasMore;
    this.#field = bar.querySelector("[type=search]");
    this.#count = bar.querySelector(".output-count");
    this.#buttons = [...bar.querySelectorAll("[data-match]")];
    this.#field.addEventListener("input", () => this.#find(true));
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    for (const button of this.#buttons) button.addEventListener("click", () => this.#go(Number(button.dataset.match)));
    this.#find(false);
  }

  /** The lines have changed: search again, but not for each of them. */
  refresh() {
    if (!this.#field.value) return;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#find(false);
    }, PAUSE_MS);
  }

  /** Go to the match in a line. */
  goTo(line) {
    this.#find(false);
    this.#current = this.#matches.findIndex((match) => match.line === line);
    this.#show();
  }

  /** A message for the reader in place of the count. */
  showText(text) {
    if (text) this.#count.textContent = text;
  }

  #onKey(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      this.#go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.#field.value) {
      event.preventDefault();
      event.stopPropagation();
      this.#field.value = "";
      this.#find(false);
    }
  }

  #find(isNew) {
    const words = this.#field.value.toLowerCase();
    if (isNew || !words) this.#onWords(this.#field.value);
    const before = this.#matches[this.#current];
    this.#matches = words ? findMatches(this.#element.querySelectorAll(".output-line"), words) : [];
    this.#current = isNew ? -1 : this.#matches.findIndex((match) => match.line === before?.line && match.at === before?.at);
    if (isNew && this.#matches.length) this.#go(-1);
    else this.#show();
  }

  /** To the next match or the one before. At first to the last one. */
  #go(step) {
    const n = this.#matches.length;
    if (n === 0) return;
    this.#current = this.#current < 0 ? (step < 0 ? n - 1 : 0) : (this.#current + step + n) % n;
    this.#matches[this.#current].line.scrollIntoView({ block: "nearest" });
    this.#show();
  }

  #show() {
    const n = this.#matches.length;
    const isSearching = this.#field.value !== "";
    const total = n >= MOST_MATCHES ? `${counted(n)}+` : counted(n);
    const where = this.#hasMore() ? " in what is loaded" : "";
    const found = n === 0 ? `No match${where}` : this.#current < 0 ? `${total} found${where}` : `${counted(this.#current + 1)} of ${total}${where}`;
    this.#count.textContent = isSearching ? found : "";
    for (const button of this.#buttons) button.disabled = n === 0;
    mark("output-match", this.#matches);
    mark("output-current", this.#current < 0 ? [] : [this.#matches[this.#current]]);
  }
}

/**
 * [{line, at, length}] of the lines whose text contains `words` (in lower case), in their order.
 */
function findMatches(lines, words) {
  const found = [];
  for (const line of lines) {
    const text = line.textContent.toLowerCase();
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
      found.push({ line, at, length: words.length });
      if (found.length >= MOST_MATCHES) return found;
    }
  }
  return found;
}

function mark(name, matches) {
  if (!LIGHTS) return;
  LIGHTS.set(name, new Highlight(...matches.map(rangeOf)));
}

function rangeOf({ line, at, length }) {
  const range = new Range();
  range.setStart(...placeOf(line, at));
  range.setEnd(...placeOf(line, at + length));
  return range;
}

/** The text node of a line that contains a character, and its index there. */
function placeOf(line, at) {
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  let left = at;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  return [line, line.childNodes.length];
}
