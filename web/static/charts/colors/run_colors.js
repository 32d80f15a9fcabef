// The colours of the runs of a page, as the address selects them: in charts, legend and tables.

import { showNotice } from "../../lib/notice.js";
import { colorLabel } from "./choice.js";
import { paintRows, showColorKey } from "./key.js";
import { coloredBy, plainlyColored, RunValues } from "./coloring.js";
import { isShown } from "../data/view.js";

export class RunColors {
  #values = new RunValues();
  #isAsking = false;
  #onNews;
  #page = null;
  #by = null;

  /** @param {() => void} onNews  what runs have is known now: apply it */
  constructor(onNews) {
    this.#onNews = onNews;
  }

  /**
   * Color the runs of a page. The legend above the charts and the rows of tables follow.
   *
   * @param {{isGrouped: boolean, isNew: boolean}} how  groups have colours of their own; `isNew`: what
   *   runs have may have changed
   */
  apply(page, view, { isGrouped, isNew }) {
    const { runs } = page, by = isGrouped || page.view === "run" ? null : view.color;
    this.#page = page;
    this.#by = by;
    const answer = by && this.#values.known(runs, by);
    const nShown = runs.filter((run) => isShown(view, run.id)).length;
    const { runs: colored, key } = answer ? coloredBy(runs, answer) : { runs: by ? runs : plainlyColored(runs, nShown), key: null };
    showColorKey(key, by && colorLabel(by));
    if (page.view !== "run") paintRows(colored);
    if (by && runs.length > 0 && (isNew || !answer)) void this.#ask();
    return colored;
  }

  async #ask() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#values.load(this.#page.runs, this.#by);
    } catch (error) {
      return showNotice(`The colours could not be loaded (${error.message}).`, true);
    } finally {
      this.#isAsking = false;
    }
    this.#onNews();
  }
}
