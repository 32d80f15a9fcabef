// The form of the experiments list: check boxes follow the address, and an empty selection is one
// too. All else in the address (filters, order, columns) is kept.

import { CHART_NAMES, params } from "../lib/address.js";

const OWN = new Set(["q", "run", "limit", "archived", "page", "newest"]);

/** Select exactly the runs that are drawn. */
export function syncSelection(runIds) {
  const drawn = new Set(runIds);
  for (const box of document.querySelectorAll("#run-picker input[type=checkbox]")) box.checked = drawn.has(box.value);
  for (const box of document.querySelectorAll("table.runs .pick input")) box.checked = box.defaultChecked;
}

/** The part of the address that the list does not control. */
const others = () => [...params()].filter(([name]) => !OWN.has(name) && !CHART_NAMES.includes(name));

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.matches?.("#run-picker a.run-name")) request.action = withOthers(request.action);
  if (sourceElement.id !== "run-picker") return;
  if (request.body.get("q") === "") request.body.delete("q");
  const { target, type } = event.detail.ctx.sourceEvent;
  const isSearch = type === "submit" || target.id === "run-search";
  if (isSearch && !params().has("run")) request.body.delete("run");
  else if (!request.body.has("run")) request.body.set("run", "");
  for (const [name, value] of others()) request.body.append(name, value);
});

/** A link of the list, which was written for the page as it was when it was loaded. */
function withOthers(action) {
  const url = new URL(action, location.href);
  const own = [...url.searchParams].filter(([name]) => OWN.has(name) || CHART_NAMES.includes(name));
  return `${url.pathname}?${new URLSearchParams([...own, ...others()])}`;
}

// What was typed has been sent. To leave the field by a click on a link must not send it again: the
// answer would replace that of the link.
document.addEventListener("change", (event) => event.target.id === "run-search" && event.stopPropagation(), true);
