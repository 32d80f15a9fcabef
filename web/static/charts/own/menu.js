// The menu of a chart: its settings, its place, and downloads. Filled when it is first opened.

import { isDerived } from "../data/derived.js";
import { button } from "../../lib/elements.js";
import { showNotice } from "../../lib/notice.js";

const DOWNLOADS = [["png", "Download PNG"], ["svg", "Download SVG"], ["csv", "Series as CSV"], ["json", "Series as JSON"]];

/**
 * @param {HTMLElement} list
 * @param {{metrics: () => string[], known: () => string[], rangeOf: (metric: string) => Promise<[number, number]>, source: () => object}} page
 *   the metrics of the page as they were declared, those that can be combined, and what the axis of a chart shows
 */
export function fillMenu(chart, list, page) {
  if (list.dataset.isFilled) return;
  list.dataset.isFilled = "true";
  const settings = item("Settings…", () => void import("./dialog.js").then(({ showSettings }) => showSettings(chart, page.known(), page.rangeOf)));
  const move = (by) => void import("./moving.js").then(({ moveChart }) => moveChart(chart.element, by, page.metrics()));
  const moves = [item("Move back", () => move(-1)), item("Move on", () => move(1))];
  for (const one of moves) one.classList.add("menu-move");
  const downloads = DOWNLOADS.map(([format, text]) => item(text, () => void download(chart, format, page.source())));
  list.prepend(settings, ...moves, ...(isDerived(chart.metric) ? ofDerived(chart.metric) : []), ...downloads);
}

function ofDerived(metric) {
  const deriving = () => import("./deriving.js");
  return [
    item("Change the expression…", () => void deriving().then(({ askDerived }) => askDerived(metric))),
    item("Remove", () => void deriving().then(({ removeDerived }) => removeDerived(metric))),
  ];
}

async function download(chart, format, source) {
  try {
    const { exportChart } = await import("../export/image.js");
    await exportChart(chart.picture, format, source);
  } catch (error) {
    showNotice(`The chart could not be saved (${error.message}).`, true);
  }
}

/** A line of the menu, which closes it. */
function item(text, act) {
  return button("menu-item", text, (event) => {
    const menu = event.target.closest("details");
    menu.open = false;
    menu.querySelector("summary").focus();
    act();
  });
}
