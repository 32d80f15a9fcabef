// The runs (or groups) of the charts by name and colour: pressing one hides it, or shows it alone.
// At first a few lines of them. The last item shows how many more there are, and opens them.

import { params, setParams } from "../lib/address.js";
import { button, make, named } from "../lib/elements.js";
import { counted } from "../lib/format.js";
import { isShown } from "./data/view.js";

const MOST_FOLDED = 50;
const LINES = 3; // one line in a panel, which the chart fills
const BESIDE_NAME_PX = 52, MOST_PX = 340, GAP_PX = 4; // of a column, as in charts.css
const known = new WeakMap(); // element -> {key, entries, view}
const widths = new WeakMap(); // element -> of its content, in CSS pixels

/** @param {{id: string, name: string, color: number, title?: string}[]} entries */
export function showLegend(element, entries, view) {
  if (!element) return;
  // a single one needs no name, a chosen one does
  element.hidden = entries.length < (params().has("run") ? 1 : 2);
  if (!widths.has(element)) followWidth(element);
  const isOpen = element.classList.contains("is-open");
  const longest = widest(entries.slice(0, isOpen ? entries.length : MOST_FOLDED), element);
  const nShown = isOpen ? entries.length : numberOfFitting(element, entries.length, longest);
  const key = JSON.stringify([isOpen, nShown, longest, [...view.hidden], [...view.solo], entries.map(({ id, name, title, color, is_best }) => [id, name, title, color, is_best])]);
  const before = known.get(element);
  known.set(element, { key, entries, view });
  if (before?.key === key) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.style.setProperty("--longest", `${longest}px`);
  element.replaceChildren(...entries.slice(0, nShown).map((entry) => legendItem(entry, view)), tail(element, view, entries.length - nShown));
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

const canvas = document.createElement("canvas");
let font = null; // the same in all legends. To ask for it has the page's style computed

/** The width of the longest name, for all columns. */
function widest(entries, element) {
  const context = canvas.getContext("2d");
  context.font = font ??= getComputedStyle(element).font;
  return Math.ceil(Math.max(0, ...entries.map(({ name }) => context.measureText(name).width)));
}

/** The last items: all the others, or fewer again, and the hidden ones. */
function tail(element, view, nMore) {
  const isOpen = element.classList.contains("is-open");
  const more = button("legend-all", isOpen ? "Show fewer" : `and ${counted(nMore)} more`, () => {
    element.classList.toggle("is-open", !isOpen);
    const { entries, view: latest } = known.get(element);
    showLegend(element, entries, latest);
    if (isOpen) element.scrollTop = 0;
  });
  more.hidden = !isOpen && nMore === 0;
  more.dataset.key = "more";
  more.ariaExpanded = String(isOpen);
  const all = view.hidden.size || view.solo.size ? [button("legend-all", "Show all", showAll)] : [];
  return make("li", "legend-tail", more, ...all);
}

/**
 * How many are shown in the first lines, with a place for the tail if it counts others. Computed
 * from the width, not asked of the document, which would lay out the page for it.
 */
function numberOfFitting(element, nEntries, longest) {
  const width = widths.get(element), column = Math.min(width, MOST_PX, longest + BESIDE_NAME_PX);
  const nColumns = Math.max(1, Math.floor((width + GAP_PX) / (column + GAP_PX)));
  const nPlaces = nColumns * (element.closest(".chart-panel") ? 1 : LINES);
  if (nEntries <= Math.min(nPlaces, MOST_FOLDED)) return nEntries;
  return Math.max(1, Math.min(nPlaces - 1, MOST_FOLDED));
}

function followWidth(element) {
  const { paddingLeft, paddingRight } = getComputedStyle(element);
  widths.set(element, element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === widths.get(element)) return;
    widths.set(element, contentRect.width);
    const { entries, view } = known.get(element);
    showLegend(element, entries, view);
  }).observe(element);
}

export function legendItem({ id, name, color, title, is_best: isBest }, view) {
  const show = button("legend-show", "", () => toggleHidden(id));
  show.append(isBest ? bestMark(color) : make("span", `dot run-color-${color}`), named("legend-name", name));
  const isOn = isShown(view, id);
  Object.assign(show, { ariaPressed: String(isOn), title: `${isOn ? "Hide" : "Show"} ${name}${title ? ` (${title})` : ""}` });
  show.dataset.key = `show ${id}`;
  const solo = button("legend-solo", "", () => toggleSolo(id));
  Object.assign(solo, { ariaPressed: String(view.solo.has(id)), ariaLabel: `Show only ${name}`, title: `Show only ${name}` });
  solo.dataset.key = `solo ${id}`;
  const item = make("li", `legend-item${isOn ? "" : " is-off"}`, show, solo);
  item.dataset.run = id;
  return item;
}

function bestMark(color) {
  return Object.assign(make("span", `legend-best run-color-${color}`, "★"), { role: "img", ariaLabel: "best" });
}

export function showAll() {
  setParams({ hide: null, solo: null }, { push: true });
}

function toggleHidden(id) {
  const solo = params().getAll("solo");
  if (solo.length) return setParams({ solo: toggled(solo, id) }, { push: true });
  setParams({ hide: toggled(params().getAll("hide"), id) }, { push: true });
}

function toggleSolo(id) {
  const solo = params().getAll("solo");
  setParams({ solo: solo.includes(id) ? null : id }, { push: true });
}

const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
