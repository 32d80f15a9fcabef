// Frequent changes in the table of a sweep's runs (the best value so far) are written into its
// cells. Any other change of a row is a reason to refresh the table.

import { setNumber } from "../lib/decimals.js";
import { formatNumber, formatStep } from "../lib/format.js";

export class RunRows {
  #states = new Map();

  /** Take in changed rows. Returns whether the table, as the server would draw it, has changed. */
  update(rows) {
    let isStale = false;
    for (const row of rows) {
      const known = this.#states.get(row.id) ?? elementOf(row)?.dataset.state;
      if (known !== row.state) isStale = true;
      this.#states.set(row.id, row.state);
    }
    return isStale;
  }

  /** Write the best values of rows into the cells of those that are in the table. */
  fill(rows) {
    for (const row of rows) {
      const element = elementOf(row);
      if (element && row.state === this.#states.get(row.id)) fillCells(element, row);
    }
  }
}

function elementOf(row) {
  return document.querySelector(`[data-run="${CSS.escape(row.id)}"][data-state]`);
}

function fillCells(element, row) {
  const values = { best_value: row.best_value == null ? "–" : formatNumber(row.best_value), best_step: formatStep(row.best_step) };
  for (const [name, text] of Object.entries(values)) {
    const cell = element.querySelector(`[data-field="${name}"]`);
    if (cell) setNumber(cell, text);
  }
}
