// The run that is pointed at, with all of its points if its curves are drawn with fewer: fetched
// when the pointer has rested on it for a moment. The last few are kept, in case the pointer comes
// back.

const REST_MS = 150;
const MOST_KEPT = 8;

export class PointedDetail {
  #id = null;
  #timer = 0;
  #kept = new Map(); // id -> promise of its columns, the last one pointed at comes last
  #load;
  #onLoad;

  /**
   * @param {(id: string) => Promise<Map<string, object>>} load  columns of a run, by metric
   * @param {(id: string, columns: Map<string, object>) => void} onLoad
   */
  constructor(load, onLoad) {
    this.#load = load;
    this.#onLoad = onLoad;
  }

  /** This run is pointed at (null: none). */
  point(id) {
    if (id === this.#id) return;
    clearTimeout(this.#timer);
    this.#id = id;
    if (id !== null) this.#timer = setTimeout(() => void this.#show(id), REST_MS);
  }

  /** What was fetched of a run is no longer complete. Without an id: of any of them. */
  forget(id = null) {
    if (id === null) this.#kept.clear();
    else this.#kept.delete(id);
  }

  async #show(id) {
    const columns = await this.#columnsOf(id);
    if (id === this.#id && columns.size) this.#onLoad(id, columns);
  }

  #columnsOf(id) {
    const found = this.#kept.get(id) ?? this.#load(id).catch(() => (this.#kept.delete(id), new Map())); // the overview stays
    this.#kept.delete(id);
    this.#kept.set(id, found);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return found;
  }
}
