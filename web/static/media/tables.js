// A logged table: sorted by a click on a heading, filtered by words and comparisons. The server
// sends only the rows that are shown.

import { button, element, make } from "../lib/elements.js";
import { counted, formatNumber } from "../lib/format.js";
import { Latest } from "./data.js";

const ROWS = 50;
const TYPING_MS = 150;

export class TableBody {
  #run;
  #info;
  #latest = new Latest();
  #search;
  #wanted = { sort: null, down: null, first: 0 };
  #table = make("div", "media-rows");
  #count = make("span", "muted num");
  #back;
  #on;
  #step;
  #timer = 0;

  constructor(run, info) {
    this.#run = run;
    this.#info = info;
    this.#search = element("input", { type: "search", className: "search media-search", placeholder: "Filter: cat p>0.5" });
    this.#search.setAttribute("aria-label", `Filter the rows of ${info.name}`);
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#change({ first: 0 }), TYPING_MS);
    });
    this.#back = button("action", "‹", () => this.#change({ first: Math.max(0, this.#wanted.first - ROWS) }));
    this.#on = button("action", "›", () => this.#change({ first: this.#wanted.first + ROWS }));
    this.#back.ariaLabel = "Rows before these";
    this.#on.ariaLabel = "Rows after these";
    this.element = make("div", "media-table", this.#search, this.#table, make("div", "media-pager", this.#back, this.#count, this.#on));
  }

  async show(step) {
    this.#step = step;
    const { kind, name } = this.#info;
    const part = await this.#latest.ask("/table", { run: this.#run, kind, name, step, search: this.#search.value, number: ROWS, ...this.#wanted });
    if (part === null) return;
    this.#draw(part);
  }

  #change(changes) {
    Object.assign(this.#wanted, changes);
    this.show(this.#step).catch((error) => (this.#count.textContent = error.message));
  }

  #draw(part) {
    const head = element("tr", {}, ...part.columns.map((name, place) => this.#heading(name, place, part.is_number[place])));
    const rows = part.rows.map((row) => element("tr", {}, ...row.map((cell, place) => cellOf(cell, part.is_number[place]))));
    const hadFocus = this.#table.contains(document.activeElement);
    this.#table.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
    if (hadFocus) this.#table.querySelector(`[data-place="${this.#wanted.sort}"]`)?.focus();
    const last = part.first + part.rows.length;
    const kept = part.n_kept < part.n_rows ? ` (of ${counted(part.n_rows)} logged, the first ${counted(part.n_kept)} are kept)` : "";
    this.#count.textContent = part.n_matching ? `${counted(part.first + 1)}–${counted(last)} of ${counted(part.n_matching)}${kept}` : `No row matches${kept}`;
    this.#back.disabled = part.first === 0;
    this.#on.disabled = last >= part.n_matching;
  }

  #heading(name, place, isNumber) {
    const isSorted = this.#wanted.sort === place;
    const sort = button("media-sort", name, () => {
      if (!isSorted) return this.#change({ sort: place, down: isNumber ? 1 : null, first: 0 });
      const isDown = this.#wanted.down === 1;
      const isLast = isDown !== isNumber; // numbers begin with the largest, texts with A
      return this.#change(isLast ? { sort: null, down: null, first: 0 } : { down: isDown ? null : 1, first: 0 });
    });
    sort.dataset.place = place;
    const heading = element("th", { scope: "col", className: isNumber ? "right" : "" }, sort);
    if (isSorted) heading.ariaSort = this.#wanted.down ? "descending" : "ascending";
    return heading;
  }
}

function cellOf(cell, isNumber) {
  const text = cell === null ? "–" : typeof cell === "number" ? formatNumber(cell) : String(cell);
  const made = element("td", { className: isNumber ? "right num" : "", textContent: text });
  if (text.length > 40) made.title = text;
  return made;
}
