// The histograms that a run logged under a name: many steps at once in the same bins, and any other
// one when it is wanted.

import { Latest } from "./data.js";

export class HistogramStack {
  #run;
  #name;
  #many = new Latest();
  #one = new Latest();

  constructor(run, name) {
    this.#run = run;
    this.#name = name;
    this.all = null; // the last one of each step, or of some steps if they are very many
    this.count = 0; // how many histograms there were then
  }

  /** @returns {Promise<boolean>} false if they were requested again meanwhile */
  async load(count) {
    const found = await this.#many.ask("/histograms", { run: this.#run, name: this.#name });
    if (found === null) return false;
    if (!found.steps.length) throw new Error("This histogram cannot be shown: what was logged is damaged.");
    [this.all, this.count] = [found, count];
    return true;
  }

  /**
   * @param {number} count  how many there are now: a larger number makes `all` outdated
   * @param {number | null} which  of the histograms of this step. null: the last one
   * @returns {Promise<{ stack: object, at: number, which: number, n: number } | null>}  where it is in
   *   which answer, and its place among those of its step. null: another one was requested meanwhile
   */
  async at(step, count, which = null) {
    const at = this.all.steps.indexOf(step);
    if (at >= 0 && which === null && this.count === count) return { stack: this.all, at, which: this.all.n_items[at] - 1, n: this.all.n_items[at] };
    const [low, high] = [this.all.edges[0], this.all.edges.at(-1)];
    const found = await this.#one.ask("/histogram", { run: this.#run, kind: "histogram", name: this.#name, step, place: which, low, high });
    return found && { stack: found, at: 0, which: found.place, n: found.n_items[0] };
  }
}
