// Which runs are drawn is in the address (`run=ID`); ticking a row, clicking it, or clicking a curve
// changes it. On the page of a sweep no selection at all means the runs of the table's page.

import { changedParams, params } from "./address.js";
import { fetchAddress, refreshAside } from "./refresh.js";

const STILL_PX = 4;
const DOUBLE_CLICK_MS = 300;
let clickTimer = 0;
let anchor = null; // the row that was ticked last: shift and a click tick all up to another
let downAt = null;

/** Pure: the ids that are selected after some were switched on or off. */
export function changedSelection(selected, ids, isOn) {
  const rest = selected.filter((id) => !ids.includes(id));
  return isOn ? [...rest, ...ids] : rest;
}

/** The ids that count as selected now. */
function selectedNow(view) {
  const address = params();
  if (address.has("run")) return address.getAll("run").filter((id) => id !== "");
  return view.view === "experiments" ? view.runs.map((run) => run.id) : [];
}

const readView = () => JSON.parse(document.querySelector("#page-data").dataset.page);

function choose(ids, isOn) {
  const view = readView();
  const selected = changedSelection(selectedNow(view), ids, isOn);
  const none = view.view === "experiments" ? [""] : null;
  visit(changedParams(params(), { run: selected.length ? selected : none, newest: null }));
}

/** Another state of this page: with htmx in place, without it as any link. */
export function visit(search) {
  const address = `${location.pathname}?${search}`;
  if (!globalThis.htmx) return location.assign(address);
  return htmx.ajax("GET", fetchAddress(search), {
    target: "#content", select: "#content", swap: "outerMorph show:none", push: address, selectOOB: refreshAside(),
  });
}

function boxesBetween(one, other) {
  const boxes = [...document.querySelectorAll("table.runs .pick input[name=run]")];
  const [from, to] = [boxes.indexOf(one), boxes.indexOf(other)].sort((a, b) => a - b);
  return from < 0 ? [other] : boxes.slice(from, to + 1);
}

function pick(box, isShifted) {
  const boxes = isShifted && anchor ? boxesBetween(anchor, box) : [box];
  anchor = box;
  for (const one of boxes) one.checked = box.checked;
  choose(boxes.map((one) => one.value), box.checked);
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const box = event.target.closest("table.runs .pick input[name=run]");
  if (box) return pick(box, event.shiftKey);
  const all = event.target.closest("table.runs .pick input[data-pick-all]");
  if (all) return choose([...document.querySelectorAll("table.runs tbody .pick input[name=run]")].map((one) => one.value), all.checked);
  const row = event.target.closest("table.runs tbody tr[data-run]");
  if (row && !event.target.closest("a, button, input, label") && getSelection().isCollapsed) {
    const own = row.querySelector(".pick input[name=run]");
    if (own) toggle(own, event.shiftKey);
  }
});

// ---- A click on a curve (not a drag, which zooms) ticks its run ----

document.addEventListener("pointerdown", ({ clientX, clientY }) => (downAt = [clientX, clientY]), true);

document.addEventListener("click", (event) => {
  const isOnPlot = event.target instanceof Element && event.target.closest("[data-charts] .u-over");
  clearTimeout(clickTimer);
  if (!isOnPlot || !downAt || event.detail > 1) return; // two clicks show all of the x axis again
  if (Math.hypot(event.clientX - downAt[0], event.clientY - downAt[1]) > STILL_PX) return;
  const pointed = document.querySelector("table.runs tbody tr.is-pointed .pick input[name=run]");
  if (pointed) clickTimer = setTimeout(() => toggle(pointed), DOUBLE_CLICK_MS);
}, true);

function toggle(box, isShifted = false) {
  box.checked = !box.checked;
  pick(box, isShifted);
}
