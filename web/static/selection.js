// The form of the experiments list: ticks follow the address, and an empty selection is one too.
// Whatever else the address holds (filters, order, columns) stays.

import { CHART_NAMES, params } from "./address.js";

const OWN = new Set(["q", "run", "limit", "archived", "page", "newest"]);

/** Tick exactly the runs that are drawn. */
export function syncSelection(runIds) {
  const drawn = new Set(runIds);
  for (const box of document.querySelectorAll("#run-picker input[type=checkbox]")) box.checked = drawn.has(box.value);
  for (const box of document.querySelectorAll("table.runs .pick input")) box.checked = box.defaultChecked;
}

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.id !== "run-picker") return;
  if (request.body.get("q") === "") request.body.delete("q");
  const { target, type } = event.detail.ctx.sourceEvent;
  const isSearch = type === "submit" || target.id === "run-search";
  if (isSearch && !params().has("run")) request.body.delete("run");
  else if (!request.body.has("run")) request.body.set("run", "");
  for (const [name, value] of params()) if (!OWN.has(name) && !CHART_NAMES.includes(name)) request.body.append(name, value);
});
