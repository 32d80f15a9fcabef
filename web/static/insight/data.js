// The runs of a sweep as columns: fetched whole once, then only changes. Live values of running
// runs come with every answer. Experiments (of no sweep) come whole every time.

import { formatNumber } from "../lib/format.js";
import { params } from "../lib/address.js";
import { addressOf } from "../lib/base.js";

const OF_TABLE = ["q", "where", "derive", "state", "repeats"]; // a condition may name derived metrics
const OF_EXPERIMENTS = ["run", "archived", "objective"];

/** The parameters of the address that filter the table; `more`: others to send with them. */
export function filtersOfTable(more = []) {
  const isAsked = (name) => OF_TABLE.includes(name) || more.includes(name) || name.startsWith("p.") || name.startsWith("m.");
  return new URLSearchParams([...params()].filter(([name]) => isAsked(name)));
}

export class InsightData {
  sweep;
  #cursor = null;
  #up = "";
  passing = null; // the indices of the runs that pass the table's filters; null: there are none
  nUnread = 0; // logs that were not read for lack of time
  #places = new Map(); // index of a run -> its place in the columns
  axes = [];
  states = [];
  metric = null;
  goal = null;
  front = null; // for several objectives
  runs = emptyRuns();

  constructor(sweep) {
    this.sweep = sweep;
  }

  get count() {
    return this.runs.index.length;
  }

  /** The value of a run: the best of the metric, or that of one of several objectives. */
  get valueName() {
    return this.front ? this.metric : `best ${this.metric}`;
  }

  /** Whether the places are those of combinations, in a sweep with repeats. */
  get isOfCombinations() {
    return this.runs.n_runs.length > 0;
  }

  /** The title of a place. */
  title(place) {
    const index = this.runs.index[place];
    if (this.runs.title.length) return this.runs.title[place];
    return this.isOfCombinations ? `combination ${index}, ${this.runs.n_runs[place]} run${this.runs.n_runs[place] === 1 ? "" : "s"}` : `run ${index}`;
  }

  /** The value of the metric at a place, as text. */
  valueText(place) {
    return this.runs.text[place] ?? formatNumber(this.runs.value[place]);
  }

  /** The address of the page of the run at a place. Null while it has not started. */
  href(place) {
    const id = this.id(place);
    return id === null ? null : addressOf(`/runs/${id.split("/").map(encodeURIComponent).join("/")}`);
  }

  id(place) {
    const name = this.runs.name[place];
    if (name === null || name === undefined) return null;
    return this.sweep ? `${this.sweep}/${name}` : name;
  }

  placeOf(id) {
    return id === null ? -1 : this.runs.name.findIndex((name, place) => name !== null && this.id(place) === id);
  }

  /** The place of the run with this index (null: not known). */
  placeOfIndex(index) {
    return this.#places.get(index) ?? null;
  }

  state(place) {
    return this.states[this.runs.state[place]];
  }

  /**
   * The values of a hyperparameter by place. A map, since its name may be one that every object
   * has.
   */
  column(name) {
    return this.runs.hyperparameters.get(name) ?? [];
  }

  /** Whether a run passes the filters of the table. */
  passes(place) {
    return this.passing === null || this.passing.has(this.runs.index[place]);
  }

  /**
   * Fetch what is new. `up`, `of`: a metric and which of its values, as a further column.
   * `objective`: which of several objectives of a sweep is the value.
   */
  async refresh({ up = "", of = "best", view = "", more = "[]", objective = "" } = {}) {
    const query = filtersOfTable(this.sweep ? [] : OF_EXPERIMENTS);
    if (view === "workers") query.set("repeats", "apart"); // each of them runs runs
    if (this.sweep && objective) query.set("objective", objective);
    const asked = JSON.stringify([up && `${of}.${up}`, query.get("repeats"), more, objective]);
    if (asked !== this.#up || this.nUnread > 0) this.#cursor = null;
    this.#up = asked;
    if (this.#cursor !== null) query.set("since", this.#cursor);
    if (up) query.set("up", up), query.set("of", of);
    for (const key of JSON.parse(more)) query.append("more", key);
    const path = ["", "api", "insight", ...this.sweep.split("/").filter(Boolean).map(encodeURIComponent)].join("/");
    const response = await fetch(addressOf(`${path}?${query}`));
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const answer = await response.json();
    if (asked === this.#up) this.take(answer);
  }

  take({ cursor, is_complete: isComplete, axes, states, metric, goal, passing, n_unread: nUnread, front, runs }) {
    if (isComplete) {
      this.runs = emptyRuns();
      this.#places.clear();
    }
    Object.assign(this, { axes, states, metric, goal, nUnread, front, passing: passing && new Set(passing) });
    this.#cursor = cursor;
    runs.index.forEach((index, from) => this.#put(index, from, runs));
  }

  #put(index, from, { hyperparameters, more = {}, results = {}, ...columns }) {
    let place = this.#places.get(index);
    if (place === undefined) this.#places.set(index, (place = this.#places.size));
    for (const [name, column] of Object.entries(columns)) this.runs[name][place] = column[from];
    for (const [kind, named] of Object.entries({ hyperparameters, more, results })) {
      for (const [name, column] of Object.entries(named)) {
        if (!this.runs[kind].has(name)) this.runs[kind].set(name, []);
        this.runs[kind].get(name)[place] = column[from];
      }
    }
  }
}

function emptyRuns() {
  return { index: [], title: [], name: [], state: [], started: [], ended: [], value: [], text: [], n_runs: [], is_full: [], up: [], more: new Map(), hyperparameters: new Map(), results: new Map() };
}
