// Derived metrics while runs continue: the values that they depend on come with the stream, and
// they are requested again soon after. Loaded by pages with derived metrics.

import { expressionOf } from "./derived.js";

const PAUSE_MS = 1000;
const SHARE_OF_TIME = 10; // requests take a tenth of the time at most

export class DerivedUpdates {
  #store;
  #onNews;
  #runs = new Set(); // ids of those that have logged something since
  #timer = 0;
  #tookMs = 0;
  #derived = () => [];

  /** @param {() => string[]} derived  the derived metrics that are drawn */
  constructor(store, derived, onNews) {
    this.#store = store;
    this.#derived = derived;
    this.#onNews = onNews;
  }

  /** A run has logged values of these metrics. */
  note(runId, metrics) {
    if (!this.#derived().some((name) => metrics.some((metric) => expressionOf(name).includes(metric)))) return;
    this.#runs.add(runId);
    this.#timer ||= setTimeout(() => void this.#ask(), Math.max(PAUSE_MS, SHARE_OF_TIME * this.#tookMs));
  }

  async #ask() {
    const began = performance.now(), runs = [...this.#runs];
    this.#runs.clear();
    try {
      await this.#store.reload(runs, this.#derived());
      this.#onNews();
    } catch (error) {
      console.warn(`derived metrics: ${error.message}`); // the next values try again
    }
    this.#tookMs = performance.now() - began;
    this.#timer = 0;
    if (this.#runs.size) this.#timer = setTimeout(() => void this.#ask(), Math.max(PAUSE_MS, SHARE_OF_TIME * this.#tookMs));
  }
}
