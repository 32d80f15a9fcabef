// The server's answers about a run's images and the like. Answers that are no longer needed are
// dropped.

import { addressOf } from "../lib/base.js";

/** The answer of an address below /api/media, as an object. */
export async function fetchMedia(path, parameters, signal) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  const answer = await fetch(addressOf(`/api/media${path}?${query}`), { signal });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `The server answered ${answer.status}.`);
  return answer.json();
}

/** Sends one request at a time: a new one aborts the one before it. */
export class Latest {
  #abort = null;

  /** @returns {Promise<object | null>} the answer, or null if another request came meanwhile */
  async ask(path, parameters) {
    this.#abort?.abort();
    const mine = new AbortController();
    this.#abort = mine;
    try {
      const found = await fetchMedia(path, parameters, mine.signal);
      return this.#abort === mine ? found : null;
    } catch (error) {
      if (this.#abort !== mine || error.name === "AbortError") return null;
      throw error;
    }
  }
}

/** Pure: the place of the last step that is not after this one (the first if all are). */
export function placeOfStep(steps, step) {
  let low = 0, high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Pure: the steps of all cards, each once, ascending. */
export function allSteps(cards) {
  return [...new Set(cards.flatMap((card) => card.steps))].sort((a, b) => a - b);
}
