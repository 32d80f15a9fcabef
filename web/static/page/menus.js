// The menus. One opens below its button: if the window ends too soon the page moves a little, so
// that the menu does not cover what is above. Links of the menu of downloads request the current
// content of the page when they are followed.

import { params } from "../lib/address.js";

const GAP_PX = 12;
const TALLEST_PX = 560, TALLEST_PART = 0.7; // as `.menu` of table.css
const NOT_OF_THE_TABLE = new Set(["page", "format", "ticked"]);

document.addEventListener("beforetoggle", (event) => {
  const menu = event.target;
  if (event.newState !== "open" || !menu.matches(".menu[popover]")) return;
  const { top, bottom } = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  const missing = Math.min(TALLEST_PX, TALLEST_PART * innerHeight) + GAP_PX - (innerHeight - bottom);
  const highest = document.querySelector(".topbar").offsetHeight + GAP_PX;
  scrollBy({ top: Math.max(0, Math.min(missing, top - highest)), behavior: "instant" });
}, true);

/** A value entered in a menu with Enter closes it. */
document.addEventListener("submit", (event) => event.target.querySelector(".menu:popover-open")?.hidePopover());

// ---- Downloads ----

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const link = target?.closest("a[data-export]");
  if (link) link.href = HREFS[link.dataset.export](link);
  for (const menu of document.querySelectorAll("details.export-menu[open]")) {
    if (link || !menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.export-menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

const HREFS = { table: tableHref, series: seriesHref, page: pageHref };

/** The page as it is shown. */
function pageHref(link) {
  const url = new URL(link.href);
  url.search = params();
  return url.href;
}

/** The rows for the page's search, filters and order, with the chosen columns. */
function tableHref(link) {
  const url = new URL(link.href);
  const own = [...url.searchParams].filter(([name]) => name === "format" || name === "ticked");
  const asked = [...params()].filter(([name]) => !NOT_OF_THE_TABLE.has(name));
  // those that are drawn at first are selected too
  const isTicked = url.searchParams.has("ticked") && !params().has("run");
  const ticked = isTicked ? JSON.parse(document.querySelector("#page-data").dataset.page).runs.map(({ id }) => ["run", id]) : [];
  url.search = new URLSearchParams([...own, ...asked, ...ticked]);
  return url.href;
}

/** The runs whose curves are drawn. */
function seriesHref(link) {
  const url = new URL(link.href);
  const { runs } = JSON.parse(document.querySelector("#page-data").dataset.page);
  url.searchParams.delete("run");
  for (const id of drawnRuns(runs.map((run) => run.id), location.search)) url.searchParams.append("run", id);
  return url.href;
}

/** Pure: the runs that the address neither hides nor leaves out for others. */
export function drawnRuns(ids, search) {
  const given = new URLSearchParams(search);
  if (given.has("group")) return ids; // then groups are hidden
  const hidden = new Set(given.getAll("hide")), solo = new Set(given.getAll("solo"));
  const drawn = ids.filter((id) => (solo.size ? solo.has(id) : !hidden.has(id)));
  return drawn.length ? drawn : ids;
}
