// The drawn runs are in the address (`run=ID`). Selecting a row, clicking it, or clicking a curve
// changes it. On the page of a sweep no selection at all means the runs of the table's page.

import { changedParams, params, setParams } from "../lib/address.js";
import { showNotice } from "../lib/notice.js";
import { requestRefresh } from "../live/refresh.js";
import { PAGE_SIZE } from "./row_pages.js";
import { offerAll } from "./selection_note.js";

const STILL_PX = 4;
const DOUBLE_CLICK_MS = 300;
let clickTimer = 0;
// {id, number} of the row that was selected last: a shift-click selects all up to another
let anchor = null;
const MOST_AT_ONCE = 1000; // as many as are drawn
const ROWS_A_REQUEST = 300;
let downAt = null;
let chosen = {}; // the address after the last selection
let nChoices = 0;
let pressed = ""; // the id of the run in whose row the pointer was pressed
let isSettled = false; // whether it has been selected

/** Pure: the ids that are selected after some were switched on or off. */
function changedSelection(selected, ids, isOn) {
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

/** Change the address at once: a click before the server has answered adds to it. */
function choose(ids, isOn) {
  const view = readView();
  const selected = changedSelection(selectedNow(view), ids, isOn);
  const none = view.view === "experiments" ? [""] : null;
  chosen = { run: selected.length ? selected : none, newest: null };
  nChoices += 1;
  if (!globalThis.htmx) return location.assign(`${location.pathname}?${changedParams(params(), chosen)}`);
  setParams(chosen, { push: true });
  for (const box of document.querySelectorAll("#run-picker input[name=run]")) if (ids.includes(box.value)) box.checked = isOn;
  requestRefresh({ isUrgent: true });
}

// ---- Other requests of the table, before or after, keep the selection ----

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.closest?.("#runs")) ctx.asked = { nChoices, path: location.pathname };
  if (!ctx.sourceElement.closest?.("#runs :is(thead, .pager, .chips, .opens)")) return;
  const url = new URL(ctx.request.action, location.href);
  const now = params();
  ctx.request.action = `${url.pathname}?${changedParams(url.searchParams, { run: now.getAll("run"), newest: now.getAll("newest") })}`;
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (!ctx.asked || ctx.asked.nChoices === nChoices || ctx.asked.path !== location.pathname) return;
  setParams(chosen);
  requestRefresh({ isUrgent: true });
});

const numberOf = (row) => Number(row.getAttribute("aria-rowindex")) - 1;

function rowsBetween(body, from, to) {
  return [...body.querySelectorAll("tr[data-run]")].filter((row) => numberOf(row) >= from && numberOf(row) <= to);
}

/** The ids of the rows with these numbers. A scrolled table holds only some of them. */
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

/** The runs of these rows that have started: for a combination all of its runs. */
const idsOf = (rows) => [...new Set(rows.flatMap((row) => (row.dataset.runs ? JSON.parse(row.dataset.runs) : [row.dataset.run])).filter((id) => id !== ""))];

/**
 * Its current number, since the order may have changed, or its last one, if the page does not hold
 * it.
 */
function anchorNumber() {
  const row = anchor && document.querySelector(`#table-rows tr[data-run="${CSS.escape(anchor.id)}"]`);
  return row ? numberOf(row) : anchor?.number;
}

async function pick(box, isShifted) {
  const number = numberOf(box.closest("tr")), isOn = box.checked;
  const [from, to] = [isShifted ? anchorNumber() ?? number : number, number].sort((a, b) => a - b);
  anchor = { id: box.value, number };
  if (to - from >= MOST_AT_ONCE) return showNotice(`${to - from + 1} rows are between the two: at most ${MOST_AT_ONCE} can be selected at once.`, true);
  for (const row of rowsBetween(document, from, to)) for (const one of row.querySelectorAll(".pick input")) one.checked = isOn;
  try {
    choose(from === to ? idsOf([box.closest("tr")]) : await idsBetween(from, to), isOn);
  } catch (error) {
    showNotice(`The rows between could not be selected (${error.message}). Try again.`, true);
  }
}

/** The rows of the current page. A scrolled table holds more. */
function rowsOfShownPage() {
  const body = document.querySelector("#table-rows");
  const page = Number(document.querySelector(".pager [data-page]")?.textContent ?? body.dataset.page);
  return rowsBetween(body, (page - 1) * PAGE_SIZE + 1, page * PAGE_SIZE);
}

function pickPage(isOn) {
  const rows = rowsOfShownPage();
  choose(idsOf(rows), isOn);
  offerAll(isOn ? rows.length : 0);
}

// A click means the run that is visible there. Its row may move or disappear before the pointer is
// released: then the click goes elsewhere, or nowhere.

document.addEventListener("pointerdown", ({ target, button, clientX, clientY }) => {
  downAt = [clientX, clientY];
  const row = button === 0 && target instanceof Element && !target.closest("a, button, label") && target.closest("table.runs tbody tr[data-run]");
  pressed = row ? row.dataset.run : "";
  isSettled = false;
}, true);

document.addEventListener("pointerup", (event) => isElsewhere(event) && settle(event), true);

const isStill = ({ clientX, clientY }) => downAt !== null && Math.hypot(clientX - downAt[0], clientY - downAt[1]) <= STILL_PX;
const isElsewhere = (event) => pressed !== "" && isStill(event) && event.target.closest?.("tr[data-run]")?.dataset.run !== pressed;

function settle({ shiftKey }) {
  const box = document.querySelector(`#table-rows tr[data-run="${CSS.escape(pressed)}"] .pick input`);
  if (box) toggle(box, shiftKey);
  else choose([pressed], !selectedNow(readView()).includes(pressed));
  isSettled = true;
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.detail > 0 && (isSettled || isElsewhere(event))) { // a key has no detail
    event.preventDefault(); // the box of another row stays as it is
    return isSettled || settle(event);
  }
  const box = event.target.closest("table.runs .pick input[name=run]");
  if (box) return void pick(box, event.shiftKey);
  const all = event.target.closest("table.runs .pick input[data-pick-all]");
  if (all) return pickPage(all.checked);
  const row = event.target.closest("table.runs tbody tr[data-run]");
  if (row && !event.target.closest("a, button, input, label") && getSelection().isCollapsed) {
    const own = row.querySelector(".pick input[name=run]");
    if (own) toggle(own, event.shiftKey);
  }
});

// ---- A click on a curve (not a drag, which zooms) selects its run ----

document.addEventListener("click", (event) => {
  const isOnPlot = event.target instanceof Element && event.target.closest("[data-charts] .u-over");
  clearTimeout(clickTimer);
  // two clicks show all of the x axis again
  if (!isOnPlot || !isStill(event) || event.detail > 1) return;
  const pointed = document.querySelector("table.runs tbody tr.is-pointed .pick input[name=run]");
  if (pointed) clickTimer = setTimeout(() => toggle(pointed), DOUBLE_CLICK_MS);
}, true);

function toggle(box, isShifted = false) {
  box.checked = !box.checked;
  void pick(box, isShifted);
}
