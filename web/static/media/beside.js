// The page Compare: what several runs logged under one name, at the same step, side by side.

import { make } from "../lib/elements.js";
import { counted } from "../lib/format.js";
import { ask } from "./data.js";
import { Row } from "./row.js";

const MOST_ROWS = 60;
const PAUSE_MS = 500;

export class MediaBeside {
  #runs;
  #content;
  #rows = new Map(); // "kind name" -> row
  #timer = 0;
  #isLoading = false;
  #hasMore = false;

  /** @param {HTMLElement} section  `data-runs`: id, name and colour of each run */
  constructor(section) {
    this.#runs = JSON.parse(section.dataset.runs);
    this.#content = section.querySelector(".media-content");
  }

  /** Something was logged: ask what there is, at most twice a second. */
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
      this.#take(await Promise.all(this.#runs.map((run) => ask("", { run: run.id }))));
    } finally {
      this.#isLoading = false;
      if (this.#hasMore) this.note();
    }
  }

  #take(found) {
    const names = new Map(); // "kind name" -> card of each run, or none
    found.forEach(({ cards }, at) => {
      for (const card of cards) {
        const key = `${card.kind} ${card.name}`;
        if (!names.has(key)) names.set(key, new Array(found.length).fill(null));
        names.get(key)[at] = card;
      }
    });
    const common = [...names].sort(([, a], [, b]) => missing(a) - missing(b)); // stable: by kind and name
    const shown = common.slice(0, MOST_ROWS).map(([key, cards]) => this.#row(key, cards));
    const rest = common.length - shown.length;
    const elements = shown.map((row) => row.element);
    if (rest > 0) elements.push(make("p", "muted", `${counted(rest)} more names are not shown.`));
    const before = [...this.#content.children];
    if (elements.length !== before.length || elements.some((element, at) => element !== before[at])) this.#content.replaceChildren(...elements);
  }

  /** The row of a name as it is now; a run that joins it makes another one. */
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
