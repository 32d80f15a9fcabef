// The runs of a sweep as columns: fetched whole once, then only what has changed. Live values of
// running runs come with every answer.

export class InsightData {
  sweep;
  #cursor = null;
  #places = new Map(); // index of a run -> its place in the columns
  axes = [];
  statuses = [];
  metric = null;
  goal = null;
  runs = emptyRuns();

  constructor(sweep) {
    this.sweep = sweep;
  }

  get count() {
    return this.runs.index.length;
  }

  /** The address of the page of the run at a place; null while it has not started. */
  href(place) {
    const id = this.id(place);
    return id === null ? null : `/runs/${id.split("/").map(encodeURIComponent).join("/")}`;
  }

  id(place) {
    const name = this.runs.name[place];
    return name === null || name === undefined ? null : `${this.sweep}/${name}`;
  }

  placeOf(id) {
    return id === null ? -1 : this.runs.name.findIndex((name, place) => name !== null && this.id(place) === id);
  }

  /** The place of the run with this index; null: not known. */
  placeOfIndex(index) {
    return this.#places.get(index) ?? null;
  }

  status(place) {
    return this.statuses[this.runs.status[place]];
  }

  /** Ask for what is new. */
  async refresh() {
    const since = this.#cursor === null ? "" : `?since=${encodeURIComponent(this.#cursor)}`;
    const response = await fetch(`/api/insight/${this.sweep.split("/").map(encodeURIComponent).join("/")}${since}`);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    this.take(await response.json());
  }

  take({ cursor, is_complete: isComplete, axes, statuses, metric, goal, runs }) {
    if (isComplete) {
      this.runs = emptyRuns();
      this.#places.clear();
    }
    Object.assign(this, { axes, statuses, metric, goal });
    this.#cursor = cursor;
    runs.index.forEach((index, from) => this.#put(index, from, runs));
  }

  #put(index, from, { hyperparameters, ...columns }) {
    let place = this.#places.get(index);
    if (place === undefined) this.#places.set(index, (place = this.#places.size));
    for (const [name, column] of Object.entries(columns)) this.runs[name][place] = column[from];
    for (const [name, column] of Object.entries(hyperparameters)) {
      (this.runs.hyperparameters[name] ??= [])[place] = column[from];
    }
  }
}

function emptyRuns() {
  return { index: [], name: [], status: [], started: [], ended: [], value: [], hyperparameters: {} };
}
