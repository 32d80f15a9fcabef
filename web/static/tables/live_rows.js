// What changes all the time in the table of a sweep's runs (the best value so far) is written into
// its cells. Whatever else changes in a row is a reason to refresh the table.

import { setNumber } from "../lib/decimals.js";
import { formatNumber, formatStep } from "../lib/format.js";

export class RunRows {
  #states = new Map();

  /** Take changed rows in. Returns whether the table, as the server would draw it, has changed. */
  update(rows) {
    let isStale = false;
    for (const row of rows) {
      const element = document.querySelector(`[data-run="${CSS.escape(row.id)}"][data-state]`);
      const known = this.#states.get(row.id) ?? element?.dataset.state;
      if (known !== row.state) isStale = true;
      this.#states.set(row.id, row.state);
      if (element) fill(element, row);
    }
    return isStale;
  }
}

function fill(element, row) {
  const values = { best_value: row.best_value == null ? "–" : formatNumber(row.best_value), best_step: formatStep(row.best_step) };
  for (const [name, text] of Object.entries(values)) {
    const cell = element.querySelector(`[data-field="${name}"]`);
    if (cell) setNumber(cell, text);
  }
}
