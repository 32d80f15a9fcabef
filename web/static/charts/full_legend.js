// The column beside a chart in full screen: each curve by colour, name and last value, or while the
// pointer is in the chart its value there. Loaded when a chart first fills the window.

import { alignElements } from "../lib/decimals.js";
import { button, make } from "../lib/elements.js";
import { counted, formatNumber } from "../lib/format.js";
import { legendItem, showAll } from "./legend.js";
import { listAt } from "./drawing/pointer.js";

const MOST = 100;
/** With several metrics in one chart each run has several curves. */
const keyOf = ({ key, id }) => key ?? id;

export class FullLegend {
  element = make("div", "full-legend");
  #where = make("span", "full-legend-where");
  #all = button("legend-all", "Show all", showAll);
  #list = make("ul", "full-legend-list");
  #more = make("p", "full-legend-more muted");
  #key = null;
  #rows = new Map(); // id -> {item, value, last}
  #head = "";
  #isPointed = false;
  #place = [];
  #frame = 0;

  constructor() {
    this.#list.ariaLabel = "Curves of this chart";
    this.element.append(make("div", "full-legend-head", this.#where, this.#all), this.#list, this.#more);
  }

  /** @param entries  the runs or groups there are; `curves`: what is drawn of those that are not hidden */
  update(entries, curves, view) {
    const lasts = new Map(curves.map((curve) => [keyOf(curve), lastOf(curve.y)]));
    const key = JSON.stringify([entries.map((entry) => [keyOf(entry), entry.name, entry.color]), [...view.hidden], [...view.solo], curves.length]);
    if (key !== this.#key) this.#build(entries, lasts, view);
    this.#key = key;
    this.#head = view.smoothing > 0 ? "Last value, smoothed" : "Last value";
    for (const [id, row] of this.#rows) row.last = lasts.get(id) ?? null;
    if (!this.#isPointed) this.#showLast();
  }

  /** In the order of their current values. While values come in, the order stays. */
  #build(entries, lasts, view) {
    const rank = (entry) => lasts.get(keyOf(entry)) ?? -Infinity;
    const sorted = [...entries].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.#rows = new Map(sorted.slice(0, MOST).map((entry) => [keyOf(entry), rowOf(entry, view)]));
    this.#list.replaceChildren(...[...this.#rows.values()].map(({ item }) => item));
    this.#more.textContent = sorted.length > MOST ? `and ${counted(sorted.length - MOST)} more` : "";
    this.#all.hidden = view.hidden.size + view.solo.size === 0;
    if (focused) this.#list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  /** Show the values of the curves at `x`, once a frame. Those without a value there come last. */
  point(...place) {
    this.#isPointed = true;
    this.#place = place;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#isPointed) this.#showAt(...this.#place);
    });
  }

  #showAt(curves, x, pointedId, xText) {
    this.#where.textContent = xText;
    const { shown } = listAt(curves, x, pointedId, curves.length);
    const found = new Map(shown.map(({ curve, y }, place) => [keyOf(curve), { y, place }]));
    for (const [id, { item, value }] of this.#rows) {
      const here = found.get(id);
      value.textContent = here ? formatNumber(here.y) : "–";
      item.style.order = here?.place ?? shown.length;
    }
    this.#align();
    if (this.#list.scrollHeight > this.#list.clientHeight) [...this.#rows.values()].find(({ item }) => item.dataset.run === pointedId)?.item.scrollIntoView({ block: "nearest" });
  }

  leave() {
    if (!this.#isPointed) return;
    this.#isPointed = false;
    for (const { item } of this.#rows.values()) item.style.order = "";
    this.#showLast();
  }

  #showLast() {
    this.#where.textContent = this.#head;
    for (const { value, last } of this.#rows.values()) value.textContent = last === null ? "–" : formatNumber(last);
    this.#align();
  }

  #align() {
    alignElements([...this.#rows.values()].map(({ value }) => value));
  }
}

function rowOf(entry, view) {
  const item = legendItem(entry, view), value = make("span", "full-legend-value num");
  item.append(value);
  return { item, value, last: null };
}

function lastOf(values) {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] != null) return values[i];
  return null;
}
