// The page Compare: what several runs logged under one name, at the same step, side by side.

import { button, element, make } from "../lib/elements.js";
import { counted } from "../lib/format.js";
import { fetchMedia } from "./data.js";
import { Row } from "./row.js";

const MOST_ROWS = 60;
const SEARCHED_FROM = 6;
const PAUSE_MS = 500;

export class MediaBeside {
  #runs;
  #found = [];
  #most = MOST_ROWS;
  #filter = element("input", { type: "search", className: "search", placeholder: "Find a name" });
  #list = make("div", "media-list");
  #more;
  #rows = new Map(); // "kind name" -> row
  #timer = 0;
  #isLoading = false;
  #hasMore = false;

  /** @param {HTMLElement} section  `data-runs`: id, name and colour of each run */
  constructor(section) {
    this.#runs = JSON.parse(section.dataset.runs);
    this.#filter.setAttribute("aria-label", "Find images and the like by name");
    this.#filter.addEventListener("input", () => this.#draw());
    this.#more = button("load-more", "", () => {
      this.#most += MOST_ROWS;
      this.#draw();
    });
    this.#more.hidden = true;
    const bar = element("div", { className: "media-bar", hidden: true }, this.#filter);
    section.querySelector(".media-content").replaceChildren(bar, this.#list, this.#more);
  }

  /** Something was logged: fetch the changes, at most twice a second. */
  note() {
    this.#hasMore = true;
    if (!this.#timer && !this.#isLoading) this.#timer = setTimeout(() => void this.load().catch(() => {}), PAUSE_MS);
  }

  async load() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#hasMore = false;
    this.#isLoading = true;
    try {
      this.#take(await Promise.all(this.#runs.map((run) => fetchMedia("", { run: run.id }))));
    } finally {
      this.#isLoading = false;
      if (this.#hasMore) this.note();
    }
  }

  #take(found) {
    this.#found = found;
    this.#draw();
  }

  #draw() {
    const names = new Map(); // "kind name" -> card of each run, or none
    this.#found.forEach(({ cards }, at) => {
      for (const card of cards) {
        const key = `${card.kind} ${card.name}`;
        if (!names.has(key)) names.set(key, new Array(this.#found.length).fill(null));
        names.get(key)[at] = card;
      }
    });
    const wanted = this.#filter.value.trim().toLowerCase();
    this.#filter.parentElement.hidden = names.size < SEARCHED_FROM;
    const common = [...names].sort(([, a], [, b]) => missing(a) - missing(b)); // stable: by kind and name
    const matching = common.filter(([key]) => key.toLowerCase().includes(wanted));
    const elements = matching.slice(0, this.#most).map(([key, cards]) => this.#row(key, cards).element);
    this.#more.hidden = elements.length === matching.length;
    this.#more.textContent = `Show more of ${counted(matching.length)} names`;
    const before = [...this.#list.children];
    if (elements.length !== before.length || elements.some((one, at) => one !== before[at])) this.#list.replaceChildren(...elements);
  }

  /** The current row of a name. A run that joins it makes another one. */
  #row(key, cards) {
    let row = this.#rows.get(key);
    if (!row?.update(cards)) {
      row?.remove();
      row = new Row(this.#runs, cards);
      this.#rows.set(key, row);
    }
    return row;
  }
}

const missing = (cards) => cards.filter((card) => !card).length;
