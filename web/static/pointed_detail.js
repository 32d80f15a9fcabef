// The run that is pointed at, with all of its points where its curves are drawn with fewer: fetched
// when the pointer has rested on it for a moment, and kept until it leaves.

const REST_MS = 150;

export class PointedDetail {
  #id = null;
  #timer = 0;
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

  /** This run is pointed at; null: none. */
  point(id) {
    if (id === this.#id) return;
    clearTimeout(this.#timer);
    this.#id = id;
    if (id !== null) this.#timer = setTimeout(() => void this.#fetch(id), REST_MS);
  }

  async #fetch(id) {
    const columns = await this.#load(id).catch(() => new Map()); // the overview stays
    if (id === this.#id && columns.size) this.#onLoad(id, columns);
  }
}
