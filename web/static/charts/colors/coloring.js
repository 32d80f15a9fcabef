// The colour of each run's curve: its own, or one that shows a value of the run. A colour is named
// like its class after `run-color-`: see lib/theme.js.

import { addressOf } from "../../lib/base.js";
import { N_RAMP } from "../../lib/theme.js";

const MOST_IN_COLOR = 12; // more cannot be distinguished
const N_COLORS = 12;
const LOG_FROM = 50; // ratio of the highest to the lowest number
const NOT_SET = "not set";

/**
 * @typedef {{by: string, kind: "number"|"category", values: (number|string|null)[], n_unread: number}} Answer
 * @typedef {{kind: "number", low: number, high: number, isLog: boolean, hasAbsent: boolean}
 *   | {kind: "category", entries: {name: string, color: number|string}[]}} Key  how to read the colours
 */

/** Pure: the runs with their own colours, or, if very many are shown, only the important ones. */
export function plainlyColored(runs, nShown) {
  if (nShown <= MOST_IN_COLOR) return runs;
  return runs.map((run) => (run.is_best ? run : { ...run, color: "neutral", own: run.color }));
}

/**
 * Pure: the runs with colours by their values.
 *
 * @param {Answer} answer  its values are those of the runs, in their order
 * @returns {{runs: object[], key: Key}}
 */
export function coloredBy(runs, { by, kind, values }) {
  const { colors, key } = kind === "number" ? byNumber(values) : byCategory(values, by === "state");
  return { runs: runs.map((run, i) => ({ ...run, color: colors[i] })), key };
}

function byNumber(values) {
  const known = values.filter((value) => value !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity), high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const isLog = low > 0 && high / low >= LOG_FROM;
  const to = isLog ? Math.log : (value) => value;
  const place = (value) => (high > low ? (to(value) - to(low)) / (to(high) - to(low)) : 0.5);
  const colors = values.map((value) => (value === null ? "neutral" : `r${Math.round(place(value) * N_RAMP)}`));
  return { colors, key: { kind: "number", low, high, isLog, hasAbsent: known.length < values.length } };
}

function byCategory(values, isState) {
  const names = [...new Set(values.filter((value) => value !== null))].sort((a, b) => String(a).localeCompare(String(b), undefined, { numeric: true }));
  const colorOf = (name) => (name === null ? "neutral" : isState ? name : names.indexOf(name) < N_COLORS ? names.indexOf(name) : "neutral");
  const entries = names.map((name) => ({ name, color: colorOf(name) }));
  if (values.includes(null)) entries.push({ name: NOT_SET, color: "neutral" });
  return { colors: values.map(colorOf), key: { kind: "category", entries } };
}

/** Values of runs from the server. The last answer is kept until the next request. */
export class RunValues {
  #known = null; // {key, answer}

  /** The last answer, if it is for these runs. */
  known(runs, by) {
    return this.#known?.key === keyOf(runs, by) ? this.#known.answer : null;
  }

  /** @returns {Promise<Answer>} */
  async load(runs, by) {
    const key = keyOf(runs, by);
    const query = new URLSearchParams([["by", by], ...runs.map((run) => ["run", run.id])]);
    const response = await fetch(addressOf(`/api/run-values?${query}`));
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const answer = await response.json();
    this.#known = { key, answer };
    return answer;
  }
}

const keyOf = (runs, by) => JSON.stringify([by, runs.map((run) => run.id)]);
