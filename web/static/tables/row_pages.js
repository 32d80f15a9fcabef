// The rows of a long table, page by page: those that were in the page, and those that scrolling is
// about to show. A request for rows that are no longer needed is aborted.

import { params, servedAddress } from "../lib/address.js";
import { isEnd } from "../lib/states.js";

export const PAGE_SIZE = 25;
const MOST_PAGES = 60;
// while the scroll bar is dragged most places are passed by: one request at a time
const PATIENCE_MS = 400;
const MOST_AT_ONCE = 4;
const LIVE_MS = 3000; // rows of running runs become outdated outside of the page

let key = "";
let kept = new Map(); // page -> {rows: its <tr>, at: when they were right, isLive}
let asked = null; // {from, to, at, controller}
let timer = 0;

/** What the rows depend on: other conditions, another order or new runs invalidate them. */
function currentKey() {
  const data = JSON.parse(document.querySelector("#page-data").dataset.page);
  const address = new URLSearchParams(servedAddress().split("?")[1]);
  for (const name of ["page", "panel", "metric", "rerun"]) address.delete(name);
  return JSON.stringify([location.pathname, data.follow, address.toString()]);
}

/** Forget what may have changed: after every change of the page. */
export function renewPages() {
  const now = currentKey();
  if (now === key) return;
  key = now;
  kept = new Map();
  drop();
}

function drop() {
  clearTimeout(timer);
  asked?.controller.abort();
  asked = null;
}

/** Rows in the page belong to it from now on: a refresh may change them. */
export function releaseRows() {
  for (const [page, { rows }] of kept) if (rows.some((row) => row.isConnected)) kept.delete(page);
}

/** Remember rows that begin with a page. */
export function keepRows(rows, firstPage) {
  for (let i = 0; i < rows.length; i += PAGE_SIZE) {
    const page = rows.slice(i, i + PAGE_SIZE);
    kept.delete(firstPage + i / PAGE_SIZE);
    kept.set(firstPage + i / PAGE_SIZE, { rows: page, at: performance.now(), isLive: page.some((row) => !isEnd(row.dataset.state)) });
  }
  while (kept.size > MOST_PAGES) kept.delete(kept.keys().next().value);
}

/** The rows of a page, or null if they have to be requested. */
export function rowsOfPage(page) {
  const known = kept.get(page);
  return known && !(known.isLive && performance.now() - known.at > LIVE_MS) ? known.rows : null;
}

/** Pure: the needed pages, visible ones first, then more of them in the direction of scrolling. */
export function wantedPages(first, last, nPages, direction) {
  const [before, after] = direction < 0 ? [4, 1] : direction > 0 ? [1, 4] : [1, 2];
  const ahead = pagesFrom(last + 1, Math.min(nPages, last + after));
  const behind = pagesFrom(Math.max(1, first - before), first - 1).reverse();
  return [...pagesFrom(first, last), ...(direction < 0 ? [...behind, ...ahead] : [...ahead, ...behind])];
}

const pagesFrom = (from, to) => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

/**
 * Pure: the first of the needed pages that is missing, with missing ones beside it, as [from, to].
 */
export function missingStretch(wanted, has, most = MOST_AT_ONCE) {
  const missing = wanted.filter((page) => !has(page));
  if (missing.length === 0) return null;
  let [from, to] = [missing[0], missing[0]];
  while (missing.includes(to + 1) && to - from + 1 < most) to += 1;
  while (missing.includes(from - 1) && to - from + 1 < most) from -= 1;
  return [from, to];
}

/**
 * Have the pages that are wanted come, a stretch at a time.
 * @param {string} address  what answers with rows
 * @param {() => {first: number, last: number, nPages: number, direction: number, has: (page: number) => boolean}} look  what is seen now
 * @param {(rows: HTMLTableRowElement[], firstPage: number, total: number) => void} take
 */
export function loadPages(address, look, take) {
  clearTimeout(timer);
  const { first, last, nPages, direction, has } = look();
  const isThere = pagesFrom(first, last).every(has);
  const stretch = missingStretch(wantedPages(first, last, nPages, direction), has, isThere ? MOST_AT_ONCE : last - first + 1);
  if (!stretch) return;
  if (asked) {
    const isComing = pagesFrom(first, last).every((page) => has(page) || (page >= asked.from && page <= asked.to));
    const wait = asked.at + PATIENCE_MS - performance.now();
    if (isComing) return;
    if (wait > 0) return void (timer = setTimeout(loadPages, wait, address, look, take));
  }
  void ask(address, stretch, (rows, total) => {
    take(rows, stretch[0], total);
    loadPages(address, look, take);
  });
}

async function ask(address, [from, to], take) {
  drop();
  const mine = (asked = { from, to, at: performance.now(), controller: new AbortController() });
  try {
    const answer = await fetch(`${address}?${query(from, to)}`, { signal: mine.controller.signal });
    const body = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#table-rows");
    if (asked !== mine) return;
    asked = null;
    if (answer.ok && body) take([...body.rows].map((row) => document.adoptNode(row)), Number(body.dataset.total));
  } catch {
    if (asked === mine) asked = null; // the next movement asks again; the page shows what is lost
  }
}

function query(from, to) {
  const search = new URLSearchParams(params());
  search.set("rows", `${(from - 1) * PAGE_SIZE + 1}-${to * PAGE_SIZE}`);
  return search;
}
