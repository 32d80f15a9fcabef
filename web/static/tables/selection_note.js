// Selecting a row draws another curve, perhaps out of sight: then a note at the lower edge shows
// how many runs are selected, and links to their curves.

import { params } from "../lib/address.js";
import { addressOf } from "../lib/base.js";
import { button, element, make } from "../lib/elements.js";
import { counted } from "../lib/format.js";

const text = make("span", "selection-note-text num");
const note = make("div", "selection-note", text, button("selection-note-show", "Show charts", showCharts));
const offer = button("selection-note-show", "", drawAll);
const compare = element("a", { className: "selection-note-show" }, "Compare");
note.append(compare, offer);
note.hidden = offer.hidden = true;
note.role = "status";

let nOffered = 0; // how many rows the last selected page has; then all rows are offered
let hasTicked = false;
let areChartsSeen = true;
let watched = null;
const seen = new IntersectionObserver((entries) => {
  areChartsSeen = entries.at(-1).isIntersecting;
  if (areChartsSeen) hasTicked = false;
  update();
});

const area = () => document.querySelector("[data-charts]");

function showCharts() {
  (area().closest(".chart-panel") ?? area()).scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

/** The link of the page that draws all rows of the table. */
const linkToAll = () => document.querySelector("a[data-draw-all]");

function drawAll() {
  nOffered = 0;
  linkToAll()?.click();
  update();
}

/** A page of the table with this many rows was selected: offer the others, too (0: no longer). */
export function offerAll(nRows) {
  nOffered = nRows;
}

function update() {
  if (area() !== watched) {
    seen.disconnect();
    watched = area();
    if (watched) seen.observe(watched);
  }
  const ids = params().getAll("run").filter((id) => id !== "");
  const n = ids.length;
  compare.hidden = n < 2;
  compare.href = addressOf(`/compare?${new URLSearchParams(ids.map((id) => ["run", id]))}`);
  if (!note.isConnected) document.body.append(note);
  const all = nOffered > 0 && n > 0 ? linkToAll() : null;
  offer.hidden = all === null;
  if (all) offer.textContent = `Draw all ${counted(Number(all.dataset.drawAll))}`;
  note.hidden = !(watched && n > 0 && (all || (hasTicked && !areChartsSeen)));
  if (!note.hidden) text.textContent = `${counted(n)} selected`;
}

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof Element) || !target.closest("table.runs .pick")) return;
  hasTicked = true;
  if (!target.matches("[data-pick-all]")) offerAll(0);
});
document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.closest("table.runs tbody tr[data-run]") && !target.closest("a")) hasTicked = true;
});
document.addEventListener("htmx:after:swap", update);
update();
