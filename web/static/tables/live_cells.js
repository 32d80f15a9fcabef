// Cells with the last, lowest or highest value of a metric follow the points as they arrive.

import { setNumber } from "../lib/decimals.js";
import { formatNumber } from "../lib/format.js";

/**
 * Pure: the content of a cell ({value, step}, where value may be NaN) after these columns of new
 * points.
 */
function followed(kind, known, { step, value }) {
  let { value: best, step: at } = known;
  for (let i = 0; i < step.length; i++) {
    const one = value[i] ?? NaN; // what is not finite comes as null
    if (kind === "last" ? step[i] >= at : !Number.isNaN(one) && (Number.isNaN(best) || (kind === "min" ? one < best : one > best))) {
      best = one;
      at = kind === "last" ? step[i] : at;
    }
  }
  return { value: best, step: at };
}

const number = (text, otherwise) => (text === undefined || text === "" ? otherwise : Number(text));

/** Apply a `points` event to the row of its run, if the table shows it. */
export function fillCells(event) {
  const row = document.querySelector(`table.runs tr[data-run="${CSS.escape(event.run)}"]`);
  for (const cell of row?.querySelectorAll("[data-follows]") ?? []) {
    const points = event.metrics[cell.dataset.metricName];
    if (!points) continue;
    const known = { value: number(cell.dataset.value, NaN), step: number(cell.dataset.step, -Infinity) };
    const now = followed(cell.dataset.follows, known, points);
    if (Object.is(now.value, known.value) && now.step === known.step) continue;
    Object.assign(cell.dataset, now);
    setNumber(cell, formatNumber(now.value));
    cell.title = String(now.value);
  }
}
