// Lists, tables and counts are the server's: when an event reports a change, htmx fetches the page
// and morphs the differences. Points and output never come this way.

import { changedParams, params, servedAddress } from "../lib/address.js";
import { holdRow } from "./row_hold.js";

const PAUSE_MS = 400;
const STILL_MS = 1500;
const LONGEST_MS = 5000;
const ASIDE = ["#run-list", "#n-experiments", "#list-title", "#list-note", "#sweep-list", "#n-sweeps"];

let timer = 0;
let lastAt = 0;
let pointedAt = 0;
let askedAt = 0;
let isHeld = false;
let longTable = { isScrolling: () => false, neededRows: () => null };

/**
 * A table of which the page holds only the rows near the visible ones registers what a refresh
 * needs to know.
 *
 * @param {{isScrolling: () => boolean, neededRows: () => string | null}} table  while it scrolls it
 *   is not changed from outside; `neededRows`: "26-100", what a refresh must bring
 */
export function setLongTable(table) {
  longTable = table;
}

document.addEventListener("pointermove", (event) => {
  if (event.target instanceof Element && event.target.closest("table.runs tbody")) pointedAt = performance.now();
});

/**
 * Request a refresh: soon, but not more often than PAUSE_MS. While the pointer moves over a table
 * it waits, though not forever: the row that is pointed at stays where it is in any case.
 */
export function requestRefresh({ isUrgent = false } = {}) {
  if (isUrgent) clearTimeout(timer);
  else if (timer) return;
  if (!globalThis.htmx) return;
  const now = performance.now();
  askedAt ||= now;
  timer = setTimeout(refresh, isUrgent ? 0 : Math.max(30, lastAt + PAUSE_MS - now, stillIn(now)), isUrgent);
}

let later = 0;

/** Request a refresh within this many milliseconds, however often that is requested meanwhile. */
export function requestRefreshWithin(pauseMs) {
  later ||= setTimeout(() => {
    later = 0;
    requestRefresh();
  }, pauseMs);
}

/** How long the pointer still has to rest. */
function stillIn(now) {
  return pointedAt ? Math.min(pointedAt + STILL_MS, askedAt + LONGEST_MS) - now : 0;
}

const refreshAside = () => ASIDE.map((selector) => `${selector}:outerMorph`).join(",");

/** The address to fetch: this one, with the rows that a scrolled table holds. */
function fetchAddress(given = params()) {
  const rows = longTable.neededRows();
  const search = (rows ? changedParams(given, { rows }) : given).toString();
  return location.pathname + (search && `?${search}`);
}

/** While the page is being left, nothing is requested. */
export function holdRefreshes(isOn) {
  isHeld = isOn;
}
addEventListener("pageshow", () => holdRefreshes(false));

async function refresh(isUrgent) {
  timer = 0;
  if (isHeld) return requestRefresh();
  const now = performance.now();
  if (!isUrgent && (stillIn(now) > 0 || longTable.isScrolling())) return requestRefresh();
  lastAt = now;
  askedAt = 0;
  await htmx.ajax("GET", fetchAddress(), {
    refreshOf: servedAddress(),
    isAsked: isUrgent === true,
    target: "#content",
    select: "#content",
    swap: "outerMorph show:none",
    selectOOB: refreshAside(),
  });
}

/** The reader has moved on while a refresh was under way: it must not bring them back. */
document.addEventListener("htmx:before:swap", (event) => {
  const { refreshOf, isAsked } = event.detail.ctx;
  if (refreshOf === undefined) return;
  const isOld = refreshOf !== servedAddress();
  if (!isOld && !longTable.isScrolling()) return holdRow();
  event.preventDefault();
  requestRefresh({ isUrgent: isOld && isAsked });
});

// ---- A table for which there was no time to read all logs is requested again ----

function completePartial() {
  const data = document.querySelector("#page-data")?.dataset.page;
  if (data && JSON.parse(data).is_partial) requestRefresh();
}
document.addEventListener("htmx:after:swap", completePartial);
document.addEventListener("DOMContentLoaded", completePartial);
