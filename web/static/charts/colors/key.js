// The legend for the colours of the curves, above the charts, and the same colours in other lists
// of runs.

import { make } from "../../lib/elements.js";
import { formatNumber } from "../../lib/format.js";
import { wordOf } from "../../lib/states.js";

const MOST_ENTRIES = 14;
let pointed = null; // the id of the run that is pointed at
let painted = new Map(); // run id -> its colour, and the one it has while it is pointed at

/** @param {import("./coloring.js").Key | null} key  null: each run has its own colour */
export function showColorKey(key, label) {
  const element = document.querySelector("#color-key");
  if (!element) return;
  element.hidden = key === null;
  if (key === null) return element.replaceChildren();
  element.replaceChildren(make("span", "color-key-name", label), ...(key.kind === "number" ? scaleOf(key) : categoriesOf(key, label)));
}

function scaleOf({ low, high, isLog, hasAbsent }) {
  const parts = [make("span", "num", formatNumber(low)), make("span", "color-scale"), make("span", "num", formatNumber(high))];
  if (isLog) parts.push(make("span", "muted", "log"));
  return hasAbsent ? [...parts, entryOf({ name: "not set", color: "neutral" })] : parts;
}

function categoriesOf({ entries }, label) {
  const shown = entries.slice(0, MOST_ENTRIES).map(({ name, color }) => entryOf({ name: label === "State" ? wordOf(name) : name, color }));
  const more = entries.length - shown.length;
  return more > 0 ? [...shown, make("span", "muted", `and ${more} more`)] : shown;
}

function entryOf({ name, color }) {
  return make("span", "color-key-entry", make("span", `dot run-color-${color}`), name);
}

/** Give the dots and small curves of rows the colours that the charts use. */
export function paintRows(runs) {
  painted = new Map(runs.map(({ id, color, own }) => [id, { color, own: own ?? color }]));
  for (const row of document.querySelectorAll("[data-run]")) paint(row, row.dataset.run === pointed);
}

function paint(row, isPointed) {
  const known = painted.get(row.dataset.run);
  if (!known) return;
  for (const mark of row.querySelectorAll(":is(.dot, .sparkline)[class*=run-color-]")) {
    const wanted = `run-color-${isPointed ? known.own : known.color}`;
    if (mark.classList.contains(wanted)) continue;
    mark.classList.remove(...[...mark.classList].filter((name) => name.startsWith("run-color-")));
    mark.classList.add(wanted);
  }
}

document.addEventListener("run:point", ({ detail: id }) => {
  const rows = (run) => (run === null ? [] : document.querySelectorAll(`[data-run="${CSS.escape(run)}"]`));
  for (const row of rows(pointed)) paint(row, false);
  for (const row of rows(id)) paint(row, true);
  pointed = id;
});
