// Lists, tables and counts are the server's: when an event says that they changed, htmx fetches
// the page and morphs what differs. Points and output never come this way.

import { servedAddress } from "./address.js";

const PAUSE_MS = 400;
const STILL_MS = 2500;
const ASIDE = ["#run-list", "#n-experiments", "#list-note", "#sweep-list", "#n-sweeps"];

let timer = 0;
let lastAt = 0;
let pointedAt = 0;

document.addEventListener("pointermove", (event) => {
  if (event.target instanceof Element && event.target.closest("table.runs tbody")) pointedAt = performance.now();
});

/** Ask for a refresh: soon, but not more often than PAUSE_MS, and no row moves under a moving pointer. */
export function requestRefresh() {
  if (timer || !globalThis.htmx) return;
  const now = performance.now();
  timer = setTimeout(refresh, Math.max(30, lastAt + PAUSE_MS - now, pointedAt ? pointedAt + STILL_MS - now : 0));
}

async function refresh() {
  timer = 0;
  lastAt = performance.now();
  if (pointedAt + STILL_MS > lastAt && pointedAt) return requestRefresh();
  await htmx.ajax("GET", location.pathname + location.search, {
    refreshOf: servedAddress(),
    target: "#content",
    select: "#content",
    swap: "outerMorph show:none",
    selectOOB: ASIDE.map((selector) => `${selector}:outerMorph`).join(","),
  });
}

/** The reader has gone elsewhere while a refresh was on its way: it must not bring them back. */
document.addEventListener("htmx:before:swap", (event) => {
  const { refreshOf } = event.detail.ctx;
  if (refreshOf === undefined || refreshOf === servedAddress()) return;
  event.preventDefault();
  requestRefresh();
});
