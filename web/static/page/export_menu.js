// The menu of downloads: its links ask for what the page shows when they are followed, and it closes
// by itself.

import { params } from "../lib/address.js";

const NOT_OF_THE_TABLE = new Set(["page", "format"]);

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const link = target?.closest("a[data-export]");
  if (link) link.href = link.dataset.export === "table" ? tableHref(link) : seriesHref(link);
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

/** The rows that the page's search, filters and order ask for, with the columns chosen. */
function tableHref(link) {
  const url = new URL(link.href);
  const format = url.searchParams.get("format");
  url.search = new URLSearchParams([["format", format], ...[...params()].filter(([name]) => !NOT_OF_THE_TABLE.has(name))]);
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

/** Pure: those of the runs that the address neither hides nor leaves out for others. */
export function drawnRuns(ids, search) {
  const given = new URLSearchParams(search);
  if (given.has("group")) return ids; // then it is groups that are hidden
  const hidden = new Set(given.getAll("hide")), solo = new Set(given.getAll("solo"));
  const drawn = ids.filter((id) => (solo.size ? solo.has(id) : !hidden.has(id)));
  return drawn.length ? drawn : ids;
}
