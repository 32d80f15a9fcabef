// Ticking a row draws another curve, perhaps where nobody sees it: while the charts are out of sight a
// note at the lower edge says how many runs are selected, and leads to their curves.

import { params } from "../lib/address.js";
import { button, make } from "../lib/elements.js";
import { counted } from "../lib/format.js";

const text = make("span", "selection-note-text num");
const note = make("div", "selection-note", text, button("selection-note-show", "Show charts", showCharts));
note.hidden = true;
note.role = "status";

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

function update() {
  if (area() !== watched) {
    seen.disconnect();
    watched = area();
    if (watched) seen.observe(watched);
  }
  const n = params().getAll("run").filter((id) => id !== "").length;
  if (!note.isConnected) document.body.append(note);
  note.hidden = !(hasTicked && watched && !areChartsSeen && n > 0);
  if (!note.hidden) text.textContent = `${counted(n)} selected`;
}

document.addEventListener("change", ({ target }) => {
  if (target instanceof Element && target.closest("table.runs .pick")) hasTicked = true;
});
document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.closest("table.runs tbody tr[data-run]") && !target.closest("a")) hasTicked = true;
});
document.addEventListener("htmx:after:swap", update);
update();
