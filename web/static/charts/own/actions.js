// What a reader can do to one chart. The modules that do it come when they are first asked for.

import { showNotice } from "../../lib/notice.js";

/**
 * Fill the menu of a chart.
 *
 * @param {{metrics: () => string[], known: () => string[], rangeOf: (metric: string) => Promise<[number, number]>, source: () => object}} page
 *   the metrics of the page as they were declared; those that can be combined; what the axis of a chart shows
 */
export async function openMenu(chart, list, page) {
  const { fillMenu } = await import("./menu.js");
  fillMenu(list, {
    onSettings: () => void import("./dialog.js").then(({ showSettings }) => showSettings(chart, page.known(), page.rangeOf)),
    onMove: (by) => void import("./moving.js").then(({ moveChart }) => moveChart(chart.element, by, page.metrics())),
    metric: chart.metric,
    onDerived: (isRemoval) => void import("./deriving.js").then(({ askDerived, removeDerived }) => (isRemoval ? removeDerived : askDerived)(chart.metric)),
    onExport: (format) => void download(chart, format, page.source()),
  });
}

async function download(chart, format, source) {
  try {
    const { exportChart } = await import("../export/image.js");
    await exportChart(chart.picture, format, source);
  } catch (error) {
    showNotice(`The chart could not be saved (${error.message}).`, true);
  }
}

/** A chart is dragged by its title: `event` is where that may begin. */
export async function dragTitle(event, metrics, restore) {
  const isTitle = event.button === 0 && event.pointerType === "mouse" && event.target.closest(".chart-head") && !event.target.closest("button, .chart-menu");
  if (!isTitle || !event.target.closest(".chart-grid") || event.target.closest(".charts-single")) return;
  event.preventDefault(); // no text is selected
  const meanwhile = [], note = (one) => meanwhile.push(one), types = ["pointermove", "pointerup", "pointercancel"];
  for (const type of types) addEventListener(type, note, true);
  const { dragChart } = await import("./moving.js");
  for (const type of types) removeEventListener(type, note, true);
  const take = dragChart(event, metrics(), restore);
  meanwhile.forEach(take); // what was done before the module had come
}
