// The keyboard: `/` searches, arrows and j, k go through runs, `?` lists the keys. Keys without a
// modifier can be turned off there (WCAG 2.1.4), and have no effect during typing.

import { keep, recall } from "../lib/storage.js";

const KEY = "single-keys";
const ROWS = ["main table.runs tbody a.run-ref", "#run-list a.run-open", "#sweep-list a"];
const SEARCHES = ["#table-search", "#run-search", ".output-field", "input[type=search]"];
const RESULTS_BELOW = "#table-search, #run-search";

let hasLeftSearch = false;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
  if (event.key === "Escape") return leaveSearch(event.target);
  if (event.key === "ArrowDown" && event.target.matches(RESULTS_BELOW) && go(1)) return event.preventDefault();
  if (isTyping(event.target) || document.querySelector("dialog[open]") || !areOn()) return;
  if (ACTIONS[event.key]?.(event.target)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("#keys-button")) openKeys();
});

/** Each returns whether the key had an effect. */
const ACTIONS = {
  "/": focusSearch,
  "?": openKeys,
  j: () => go(1),
  k: () => go(-1),
  ArrowDown: (target) => isAmongRuns(target) && go(1),
  ArrowUp: (target) => isAmongRuns(target) && go(-1),
  x(target) {
    const box = rowOf(target)?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  },
};

function isTyping(target) {
  return target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button])") !== null;
}

const rowOf = (target) => target.closest("table.runs tbody tr, #run-list > li, #sweep-list > li");
const isShown = (one) => one.checkVisibility?.() ?? one.offsetParent !== null;

function focusSearch() {
  const field = SEARCHES.flatMap((selector) => [...document.querySelectorAll(selector)]).find(isShown);
  field?.focus();
  field?.select();
  return Boolean(field);
}

function leaveSearch(target) {
  if (!target.matches("input[type=search]") || target.value !== "") return;
  target.blur();
  hasLeftSearch = target.matches(RESULTS_BELOW);
}

/** In a row, or without any focus since the search was left: elsewhere arrows scroll. */
const isAmongRuns = (target) => rowOf(target) !== null || (hasLeftSearch && target === document.body);
for (const name of ["focusin", "pointerdown"]) document.addEventListener(name, () => (hasLeftSearch = false));

/** The links of the visible rows, of the first table or list that has any. */
function links() {
  for (const selector of ROWS) {
    const found = [...document.querySelectorAll(selector)].filter(isShown);
    if (found.length) return found;
  }
  return [];
}

function go(step) {
  const found = links();
  if (found.length === 0) return toNeighbour(step);
  const row = rowOf(document.activeElement ?? document.body);
  const at = found.findIndex((link) => row?.contains(link));
  const next = found[at < 0 ? (step > 0 ? 0 : found.length - 1) : Math.min(found.length - 1, Math.max(0, at + step))];
  next.focus({ focusVisible: true, preventScroll: true });
  (rowOf(next) ?? next).scrollIntoView({ block: "nearest" });
  return true;
}

function toNeighbour(step) {
  const link = document.querySelector(`.neighbours a[rel=${step > 0 ? "next" : "prev"}]`);
  link?.click();
  return Boolean(link);
}

// ---- The list of the keys ----

const areOn = () => recall(KEY) !== "off";

function openKeys() {
  void import("./keys.js").then(({ showKeys }) => showKeys(areOn(), (isOn) => keep(KEY, isOn ? "on" : "off")));
  return true;
}
