// The runs (or groups) of the charts by name and colour: pressing one hides it, or shows it alone.
// At first a few lines of them. The last item says how many more there are, and shows them.

import { params, setParams } from "../lib/address.js";
import { button, make, named } from "../lib/elements.js";
import { counted } from "../lib/format.js";
import { isShown } from "./data/view.js";

const MOST_FOLDED = 50;
const LINES = 3, LINE_PX = 24; // one line in a panel, which the chart fills
const known = new WeakMap(); // element -> {key, entries, view}

/** @param {{id: string, name: string, color: number, title?: string}[]} entries */
export function showLegend(element, entries, view) {
  if (!element) return;
  element.hidden = entries.length < (params().has("run") ? 1 : 2); // the only one there is needs no name, the one that was chosen does
  const isOpen = element.classList.contains("is-open");
  const key = JSON.stringify([isOpen, [...view.hidden], [...view.solo], entries.map(({ id, name, title, color, is_best }) => [id, name, title, color, is_best])]);
  const before = known.get(element);
  known.set(element, { key, entries, view });
  if (!before) refoldWithWidth(element);
  if (before?.key === key) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const listed = entries.slice(0, isOpen ? entries.length : MOST_FOLDED).map((entry) => legendItem(entry, view));
  element.style.setProperty("--longest", `${widest(entries.slice(0, listed.length), getComputedStyle(element).font)}px`);
  element.replaceChildren(...listed, tail(element, view));
  fold(element);
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

const canvas = document.createElement("canvas");

/** The width of the longest name, so that all columns have it. */
function widest(entries, font) {
  const context = canvas.getContext("2d");
  context.font = font;
  return Math.ceil(Math.max(0, ...entries.map(({ name }) => context.measureText(name).width)));
}

/** What comes last: all the others, or fewer again, and those that are hidden. */
function tail(element, view) {
  const more = button("legend-all", "Show fewer", () => {
    const isOpen = element.classList.toggle("is-open");
    const { entries, view: latest } = known.get(element);
    showLegend(element, entries, latest);
    if (!isOpen) element.scrollTop = 0;
  });
  more.dataset.key = "more";
  more.ariaExpanded = String(element.classList.contains("is-open"));
  const all = view.hidden.size || view.solo.size ? [button("legend-all", "Show all", showAll)] : [];
  return make("li", "legend-tail", more, ...all);
}

/** Hide what does not fit into the first lines, so that the tail, which counts it, still does. */
function fold(element) {
  const last = element.lastElementChild, items = [...element.children].slice(0, -1);
  const more = last.firstElementChild;
  const isOpen = element.classList.contains("is-open");
  for (const item of items) item.hidden = false;
  more.hidden = !isOpen;
  if (isOpen || items.length === 0) return;
  const { entries } = known.get(element), nLines = element.closest(".chart-panel") ? 1 : LINES;
  const end = items[0].offsetTop + nLines * LINE_PX;
  let n = items.findIndex((item) => item.offsetTop >= end);
  if (n < 0) n = items.length;
  if (n === entries.length && last.offsetTop < end) return;
  more.hidden = false;
  for (const item of items.slice(n)) item.hidden = true;
  more.textContent = `and ${counted(entries.length - n)} more`;
  while (n > 1 && last.offsetTop >= end) {
    items[--n].hidden = true;
    more.textContent = `and ${counted(entries.length - n)} more`;
  }
  if (entries.length - n > 1 || items.length < entries.length) return;
  more.hidden = true; // the link would take the place of the only one that it counts
  for (const item of items) item.hidden = false;
}

function refoldWithWidth(element) {
  let width = null;
  new ResizeObserver(([{ contentRect }]) => {
    if (width !== null && contentRect.width !== width && element.lastElementChild) fold(element);
    width = contentRect.width;
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
