// A long table scrolls as if all its rows were there: the page holds those near what is seen, and
// two gaps as high as the others. The charts follow the page of the table once scrolling rests.

import { params, setParams } from "./address.js";
import { requestRefresh } from "./refresh.js";

const PAGE_SIZE = 25;
const REST_MS = 250;

let timer = 0;
let isLoading = false;
let rowPx = 36;

const find = () => {
  const scroll = document.querySelector(".table-scroll.is-long[data-table]");
  const rows = scroll?.querySelector("#table-rows");
  return rows ? { scroll, rows, first: Number(rows.dataset.first), total: Number(rows.dataset.total), page: Number(rows.dataset.page) } : null;
};

/** Pure: which rows to hold when those from `first` to `last` are seen: whole pages, one more on each side. */
export function windowAround(first, last, total) {
  const from = Math.max(0, Math.floor((first - 1) / PAGE_SIZE) - 1) * PAGE_SIZE + 1;
  const to = Math.min(total, (Math.ceil(last / PAGE_SIZE) + 1) * PAGE_SIZE);
  return [from, Math.max(from, to)];
}

/** "26-100": what a refresh must bring so that nothing that is seen goes away. */
export function neededRows() {
  const table = find();
  return table && isManaged(table) ? windowAround(...seen(table), table.total).join("-") : null;
}

const isManaged = ({ rows }) => rows.dataset.window !== undefined;

function seen({ scroll, total }) {
  const head = scroll.querySelector("thead").offsetHeight;
  const top = scroll.scrollTop;
  const first = Math.min(total, Math.floor(top / rowPx) + 1);
  return [first, Math.min(total, Math.max(first, Math.ceil((top + scroll.clientHeight - head) / rowPx)))];
}

/**
 * Give the gaps the height of the rows that are not here. Before anything is measured: for a moment
 * too short, the table would be scrolled back to its new end.
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

function stretchGaps({ rows, first, total }) {
  stretch("gap-before", (first - 1) * rowPx);
  stretch("gap-after", (total - first - rows.rows.length + 1) * rowPx);
}

function stretch(id, height) {
  const gap = document.getElementById(id);
  gap.hidden = height < 1;
  if (!gap.rows.length) gap.insertRow().insertCell().colSpan = 100;
  gap.rows[0].cells[0].style.height = `${height}px`;
}

/** After every change of the page. A page that was asked for by its number begins at the top. */
function mount() {
  const table = find();
  if (!table) return;
  layOut(table);
  if (!isManaged(table)) {
    table.rows.dataset.window = "";
    table.scroll.scrollTop = (table.first - 1) * rowPx;
  }
  table.scroll.onscroll = onScroll;
  onScroll();
}

function onScroll() {
  const table = find();
  if (!table) return;
  void fill(table);
  clearTimeout(timer);
  timer = setTimeout(rest, REST_MS);
}

async function fill(table) {
  const [first, last] = seen(table);
  const held = table.first + table.rows.rows.length - 1;
  if (isLoading || !globalThis.htmx || (first >= table.first && last <= held)) return;
  isLoading = true;
  try {
    const address = new URLSearchParams(params());
    address.set("rows", windowAround(first, last, table.total).join("-"));
    await htmx.ajax("GET", `${table.scroll.dataset.table}?${address}`, { source: table.scroll, target: "#table-rows", select: "#table-rows", swap: "outerMorph show:none" });
  } finally {
    isLoading = false;
  }
  const now = find();
  if (now && now.rows.isConnected && Number(now.rows.dataset.first) !== table.first) void fill(now);
}

/** The page of the table that is in the middle of what is seen becomes the one of the address. */
function rest() {
  const table = find();
  if (!table || !globalThis.htmx) return;
  const [first, last] = seen(table);
  const isAtEnd = last >= table.total;
  const page = Math.ceil((first === 1 ? 1 : isAtEnd ? table.total : (first + last) / 2) / PAGE_SIZE);
  if (page === table.page) return;
  setParams({ page: page > 1 ? String(page) : null });
  requestRefresh({ isUrgent: true });
}

document.addEventListener("htmx:after:swap", mount);
mount();
