// Which runs are drawn is in the address (`run=ID`); ticking a row, clicking it, or clicking a curve
// changes it. On the page of a sweep no selection at all means the runs of the table's page.

import { changedParams, params } from "./address.js";
import { showNotice } from "./notice.js";
import { fetchAddress, refreshAside } from "./refresh.js";

const STILL_PX = 4;
const DOUBLE_CLICK_MS = 300;
let clickTimer = 0;
let anchor = null; // {id, number} of the row that was ticked last: shift and a click tick all up to another
const MOST_AT_ONCE = 1000; // as many as are drawn
const ROWS_A_REQUEST = 300;
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

const numberOf = (row) => Number(row.getAttribute("aria-rowindex")) - 1;

function rowsBetween(body, from, to) {
  return [...body.querySelectorAll("tr[data-run]")].filter((row) => numberOf(row) >= from && numberOf(row) <= to);
}

/** The ids of the rows with these numbers, of which a table that is scrolled holds some. */
async function idsBetween(from, to) {
  const held = rowsBetween(document.querySelector("#table-rows"), from, to);
  if (held.length === to - from + 1) return idsOf(held);
  const ids = [];
  for (let first = from; first <= to; first += ROWS_A_REQUEST) {
    const rows = `${first}-${Math.min(to, first + ROWS_A_REQUEST - 1)}`;
    const answer = await fetch(`${document.querySelector("[data-table]").dataset.table}?${changedParams(params(), { rows })}`);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    ids.push(...idsOf(rowsBetween(new DOMParser().parseFromString(await answer.text(), "text/html"), from, to)));
  }
  return ids;
}

const idsOf = (rows) => rows.map((row) => row.dataset.run).filter((id) => id !== "");

/** Where it is now, for the order may have changed; or was, where the page does not hold it. */
function anchorNumber() {
  const row = anchor && document.querySelector(`#table-rows tr[data-run="${CSS.escape(anchor.id)}"]`);
  return row ? numberOf(row) : anchor?.number;
}

async function pick(box, isShifted) {
  const number = numberOf(box.closest("tr")), isOn = box.checked;
  const [from, to] = [isShifted ? anchorNumber() ?? number : number, number].sort((a, b) => a - b);
  anchor = { id: box.value, number };
  if (to - from >= MOST_AT_ONCE) return showNotice(`${to - from + 1} rows lie between the two: at most ${MOST_AT_ONCE} are ticked at once.`, true);
  for (const row of rowsBetween(document, from, to)) for (const one of row.querySelectorAll(".pick input")) one.checked = isOn;
  try {
    choose(from === to ? [box.value] : await idsBetween(from, to), isOn);
  } catch (error) {
    showNotice(`The rows between could not be ticked (${error.message}). Try again.`, true);
  }
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const box = event.target.closest("table.runs .pick input[name=run]");
  if (box) return void pick(box, event.shiftKey);
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
  void pick(box, isShifted);
}
