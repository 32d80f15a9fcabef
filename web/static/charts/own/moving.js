// Move a chart within its section: by dragging its title, or one place back or forward from its
// menu.

import { params } from "../../lib/address.js";
import { choose } from "../data/view.js";
import { orderAfter } from "./writing.js";

const LEAST_PX = 6;
const PINNED = "pinned/";

/**
 * Follow a drag of a chart's title, until it ends.
 *
 * @param {PointerEvent} start
 * @param {string[]} metrics  of the page, in the order in which they were declared
 * @param {() => void} restore  puts all charts where they belong
 * @returns {(event: PointerEvent) => void}  takes what the pointer did before
 */
export function dragChart(start, metrics, restore) {
  const chart = start.target.closest(".chart"), grid = chart.parentElement;
  let isMoving = false;
  const move = (event) => {
    if (!isMoving && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < LEAST_PX) return;
    if (!isMoving) chart.classList.add("is-moving");
    isMoving = true;
    event.preventDefault();
    placeAt(chart, grid, event);
  };
  const end = (event) => {
    for (const [type, listener] of listeners) removeEventListener(type, listener, true);
    chart.classList.remove("is-moving");
    if (!isMoving) return;
    if (event.type === "pointerup") keepOrder(grid, metrics);
    else restore();
  };
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end(event);
  };
  const listeners = [["pointermove", move], ["pointerup", end], ["pointercancel", end], ["keydown", escape]];
  for (const [type, listener] of listeners) addEventListener(type, listener, true);
  return (event) => listeners.find(([type]) => type === event.type)[1](event);
}

/** Before the chart under the pointer, or after it. */
function placeAt(chart, grid, { clientX, clientY }) {
  const target = document.elementFromPoint(clientX, clientY)?.closest(".chart");
  if (!target || target === chart || target.parentElement !== grid) return;
  const isAfter = [...grid.children].indexOf(target) > [...grid.children].indexOf(chart);
  const { left, top, width, height } = target.getBoundingClientRect(), own = chart.getBoundingClientRect();
  // over a wide chart it would otherwise jump back and forth under the pointer
  const isFar = Math.abs(own.top - top) < 2 ? (isAfter ? clientX > left + width - Math.min(width, own.width) : clientX < left + own.width) : (isAfter ? clientY > top + height - Math.min(height, own.height) : clientY < top + own.height);
  if (isFar) grid.insertBefore(chart, isAfter ? target.nextSibling : target);
}

/** Move a chart by a number of places within its section. */
export function moveChart(chart, by, metrics) {
  const grid = chart.parentElement, charts = [...grid.children], from = charts.indexOf(chart);
  const to = Math.max(0, Math.min(charts.length - 1, from + by));
  if (to === from) return;
  grid.insertBefore(chart, by > 0 ? charts[to].nextSibling : charts[to]);
  keepOrder(grid, metrics);
  chart.querySelector(".chart-menu summary").focus();
  chart.scrollIntoView({ block: "nearest" });
}

/** Write the current order to the address. */
function keepOrder(grid, metrics) {
  const now = [...grid.children].map((chart) => chart.dataset.metric);
  if (grid.closest(".chart-section").dataset.section === PINNED) return choose({ pin: now });
  choose({ place: orderAfter(params().getAll("place"), metrics, now) });
}
