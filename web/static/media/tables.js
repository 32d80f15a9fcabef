// A logged table: sorted by a click on a heading, filtered by words and comparisons. The server
// sends only the visible rows.

import { button, element, make } from "../lib/elements.js";
import { counted, formatNumber } from "../lib/format.js";
import { Latest } from "./data.js";
import { Pager, rangeOf } from "./pager.js";

const ROWS = 50;
const TYPING_MS = 150;
const WHOLE = { sort: null, down: null, first: 0 };

export class TableBody {
  #run;
  #info;
  #latest = new Latest();
  #search;
  #wanted = { place: 0, ...WHOLE };
  #table = make("div", "media-rows");
  #pager = new Pager("Rows before these", "Rows after these", (by) => this.#change({ first: Math.max(0, this.#wanted.first + by * ROWS) }));
  #tables = new Pager("Table before", "Next table", (by) => this.#change({ place: this.#wanted.place + by, ...WHOLE }), "Table");
  #step = null;
  #timer = 0;

  constructor(run, info) {
    this.#run = run;
    this.#info = info;
    this.#search = element("input", { type: "search", className: "search media-search", placeholder: "Filter: cat p>0.5", title: 'Words and comparisons, those with spaces in quotes: cat p>0.5 "image name"=a.png' });
    this.#search.setAttribute("aria-label", `Filter the rows of ${info.name}`);
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#change({ first: 0 }), TYPING_MS);
    });
    this.element = make("div", "media-table", this.#tables.element, this.#search, this.#table, this.#pager.element);
  }

  async show(step) {
    if (step !== this.#step) this.#wanted.place = 0;
    this.#step = step;
    const { kind, name } = this.#info;
    const part = await this.#latest.ask("/table", { run: this.#run, kind, name, step, search: this.#search.value, number: ROWS, ...this.#wanted });
    if (part === null) return;
    this.#draw(part);
  }

  #change(changes) {
    Object.assign(this.#wanted, changes);
    this.show(this.#step).catch((error) => this.#pager.set(error.message, true, true));
  }

  #draw(part) {
    Object.assign(this.#wanted, { first: part.first, place: part.place }); // there may be fewer than before
    this.#tables.show(part.place, 1, part.n_items);
    const head = element("tr", {}, ...part.columns.map((name, place) => this.#heading(name, place, part.is_number[place])));
    const rows = part.rows.map((row) => element("tr", {}, ...row.map((cell, place) => cellOf(cell, part.is_number[place]))));
    const hadFocus = this.#table.contains(document.activeElement);
    this.#table.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
    if (hadFocus) this.#table.querySelector(`[data-place="${this.#wanted.sort}"]`)?.focus();
    const last = part.first + part.rows.length;
    const kept = part.n_kept < part.n_rows ? ` (of ${counted(part.n_rows)} logged, the first ${counted(part.n_kept)} are kept)` : "";
    const which = part.n_matching ? `${rangeOf(part.first, part.rows.length)} of ${counted(part.n_matching)}` : "No row matches";
    this.#pager.element.hidden = false;
    this.#pager.set(which + kept, part.first === 0, last >= part.n_matching);
  }

  #heading(name, place, isNumber) {
    const isSorted = this.#wanted.sort === place;
    const sort = button("media-sort", name, () => {
      if (!isSorted) return this.#change({ sort: place, down: isNumber ? 1 : null, first: 0 });
      const isDown = this.#wanted.down === 1;
      const isLast = isDown !== isNumber; // numbers begin with the largest, texts with A
      return this.#change(isLast ? WHOLE : { down: isDown ? null : 1, first: 0 });
    });
    sort.dataset.place = place;
    const heading = element("th", { scope: "col", className: isNumber ? "right" : "" }, sort);
    if (isSorted) heading.ariaSort = this.#wanted.down ? "descending" : "ascending";
    return heading;
  }
}

function cellOf(cell, isNumber) {
  const text = textOf(cell), made = element("td", { className: isNumber ? "right num" : "", textContent: text });
  if (text.length > 40) made.title = text;
  else if (typeof cell === "number" && Number(text.replace("−", "-")) !== cell) made.title = String(cell);
  return made;
}

/** Pure: whole numbers have all their digits: they may be ids. */
export function textOf(cell) {
  if (cell === null) return "–";
  if (Number.isSafeInteger(cell)) return String(cell).replace("-", "−");
  return typeof cell === "number" ? formatNumber(cell) : String(cell);
}
