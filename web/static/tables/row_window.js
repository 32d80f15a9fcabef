// A long table scrolls as if all its rows were there: the page holds those near the visible ones,
// and two gaps as high as the others. The page's number follows at once, the charts when scrolling
// rests.

import { params, setParams } from "../lib/address.js";
import { fitColumns, holdColumns } from "./column_widths.js";
import { alignPoints } from "../lib/decimals.js";
import { requestRefresh, setLongTable } from "../live/refresh.js";
import { keepRows, loadPages, PAGE_SIZE, releaseRows, renewPages, rowsOfPage } from "./row_pages.js";

const REST_MS = 250;

let timer = 0;
let rowPx = 36;
let lastTop = 0;
let direction = 0;

const find = () => {
  const scroll = document.querySelector(".table-scroll.is-long[data-table]");
  const rows = scroll?.querySelector("#table-rows");
  return rows ? { scroll, rows, first: Number(rows.dataset.first), total: Number(rows.dataset.total), page: Number(rows.dataset.page) } : null;
};

const pageOf = (row) => Math.ceil(row / PAGE_SIZE);

/**
 * Pure: the rows to hold when those from `first` to `last` are visible: whole pages, one more on
 * each side.
 */
function windowAround(first, last, total) {
  const from = Math.max(0, pageOf(first) - 2) * PAGE_SIZE + 1;
  const to = Math.min(total, (pageOf(last) + 1) * PAGE_SIZE);
  return [from, Math.max(from, to)];
}

/** "26-100": the rows that a refresh must contain so that no visible one disappears. */
function neededRows() {
  const table = find();
  return table && isManaged(table) ? windowAround(...seen(table), table.total).join("-") : null;
}

/** Whether the table is being scrolled: then it is not changed from outside. */
const isScrolling = () => timer !== 0;

const isManaged = ({ rows }) => rows.dataset.window !== undefined;

function seen({ scroll, total }) {
  const head = scroll.querySelector("thead").offsetHeight;
  const top = scroll.scrollTop;
  const first = Math.min(total, Math.floor(top / rowPx) + 1);
  return [first, Math.min(total, Math.max(first, Math.ceil((top + scroll.clientHeight - head) / rowPx)))];
}

/**
 * Give the gaps the height of the rows that are not here. Before anything is measured: if they were
 * too short for a moment, the table would be scrolled back to its new end.
 */
function layOut(table) {
  stretchGaps(table);
  const { rows, scroll } = table;
  const measured = rows.rows.length ? rows.getBoundingClientRect().height / rows.rows.length : rowPx;
  if (Math.abs(measured - rowPx) < 0.01) return;
  const row = scroll.scrollTop / rowPx;
  rowPx = measured;
  stretchGaps(table);
  scroll.scrollTop = row * rowPx;
}

function stretchGaps({ rows, scroll, first, total }) {
  scroll.style.setProperty("--row-px", `${rowPx}px`);
  stretch("gap-before", (first - 1) * rowPx);
  stretch("gap-after", (total - first - rows.rows.length + 1) * rowPx);
}

function stretch(id, height) {
  const gap = document.getElementById(id);
  gap.hidden = height < 1;
  if (!gap.rows.length) gap.insertRow().insertCell();
  // no more: widths are shared out among all
  gap.rows[0].cells[0].colSpan = gap.closest("table").tHead.rows[0].cells.length;
  gap.rows[0].cells[0].style.height = `${height}px`;
}

/** After every change of the page. A page that was requested by its number begins at the top. */
function mount() {
  const table = find();
  if (!table) return holdShort();
  renewPages();
  layOut(table);
  fitColumns(table.scroll);
  if (!isManaged(table)) {
    table.rows.dataset.window = "";
    table.scroll.scrollTop = (table.first - 1) * rowPx;
  }
  lastTop = table.scroll.scrollTop;
  table.scroll.onscroll = onScroll;
  fill(table);
  showPage(table);
}

function holdShort() {
  const table = document.querySelector("[data-table] > table.runs");
  if (table) holdColumns(table);
}

function onScroll() {
  const table = find();
  const top = table?.scroll.scrollTop;
  if (!table || top === lastTop) return; // sideways
  direction = Math.sign(top - lastTop);
  lastTop = top;
  fill(table);
  showPage(table);
  clearTimeout(timer);
  timer = setTimeout(rest, REST_MS);
}

/** Put the visible rows into the page, as far as they are here, and request the others. */
function fill(table) {
  place(table);
  if (table.total > table.rows.rows.length) loadPages(table.scroll.dataset.table, look, take);
}

function look() {
  const table = find();
  if (!table) return { first: 1, last: 1, nPages: 0, direction, has: () => true };
  const [first, last] = seen(table).map(pageOf);
  return { first, last, nPages: pageOf(table.total), direction, has: (page) => rowsIn(table, page) !== null };
}

function take(rows, firstPage, total) {
  const table = find();
  if (!table) return;
  if (total !== table.total) requestRefresh();
  keepRows(rows, firstPage);
  place(table);
}

/** The rows of a page: those in the table, or those kept aside. */
function rowsIn({ rows, first }, page) {
  const start = (page - 1) * PAGE_SIZE + 1 - first;
  const held = start >= 0 ? [...rows.rows].slice(start, start + PAGE_SIZE) : [];
  return held.length ? held : rowsOfPage(page);
}

function place(table) {
  const [first, last] = seen(table).map(pageOf);
  const pages = [];
  for (let page = first; page <= last; page++) pages.push(rowsIn(table, page));
  if (pages.includes(null)) return;
  const nPages = pageOf(table.total);
  const before = first > 1 ? rowsIn(table, first - 1) : null;
  const after = last < nPages ? rowsIn(table, last + 1) : null;
  const from = before ? first - 1 : first;
  hold(table, from, [before, ...pages, after].filter(Boolean).flat());
}

function hold(table, firstPage, rows) {
  const { rows: body, scroll } = table;
  const first = (firstPage - 1) * PAGE_SIZE + 1;
  const now = [...body.rows];
  if (first === table.first && rows.length === now.length) return;
  const staying = new Set(rows);
  keepRows(now, pageOf(table.first));
  for (const row of now) if (!staying.has(row)) row.remove();
  const stay = body.rows[0] ?? null;
  const at = stay ? rows.indexOf(stay) : rows.length;
  body.prepend(...rows.slice(0, at));
  body.append(...rows.slice(at + (stay ? body.rows.length - at : 0)));
  body.dataset.first = table.first = first;
  releaseRows();
  globalThis.htmx?.process(body);
  alignPoints(scroll.querySelector("table"));
  layOut(table);
  fitColumns(scroll);
}

/** The page in the middle of the visible part. */
function pageSeen(table) {
  const [first, last] = seen(table);
  return pageOf(first === 1 ? 1 : last >= table.total ? table.total : (first + last) / 2);
}

function showPage(table) {
  const page = pageSeen(table);
  const pager = table.scroll.closest("section").querySelector(".pager");
  const number = pager?.querySelector("[data-page]");
  if (!number || number.textContent === String(page)) return;
  number.textContent = page;
  const nPages = Math.ceil(table.total / PAGE_SIZE);
  for (const [rel, to] of [["prev", Math.max(1, page - 1)], ["next", Math.min(nPages, page + 1)]]) {
    const link = linkOf(pager, rel);
    link.search = changedPage(link.search, to);
  }
}

/** On the first page of a table, and on the last, one of the two is not a link yet. */
function linkOf(pager, rel) {
  const found = pager.querySelector(`a[rel=${rel}]`);
  if (found) return found;
  const [text, label, place] = rel === "prev" ? ["‹", "Previous page", pager.firstElementChild] : ["›", "Next page", pager.lastElementChild];
  const link = Object.assign(pager.querySelector("a").cloneNode(), { rel, textContent: text, ariaLabel: label });
  place.replaceWith(link);
  globalThis.htmx?.process(link);
  return link;
}

function changedPage(search, page) {
  const changed = new URLSearchParams(search);
  changed.delete("page");
  if (page > 1) changed.set("page", page);
  return `?${changed}`;
}

/** The table's page in the middle of the visible part becomes the one of the address. */
function rest() {
  timer = 0;
  const table = find();
  if (!table || !globalThis.htmx) return;
  const page = pageSeen(table);
  if (page === table.page) return;
  setParams({ page: page > 1 ? String(page) : null });
  requestRefresh({ isUrgent: true });
}

setLongTable({ isScrolling, neededRows });
document.addEventListener("htmx:after:swap", mount);
mount();
