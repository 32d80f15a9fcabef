// What the page knows of its runs' points: loaded once for each metric, then only appended to.

import { appendPoints, emptyColumns, thin } from "./columns.js";

const LIMIT = 4000;
const MOST_POINTS = 600, LEAST_POINTS = 16, POINTS_OF_ALL = 30_000; // together about a megabyte

export class SeriesStore {
  /** run id -> {cursor, metrics: name -> {columns, count, isThinned, cursor}} */
  #runs = new Map();
  #names = new Set();
  #nLoading = 0;
  #recent = []; // `points` events that came while something was loading
  onNewMetric = () => {};

  series(runId, metric) {
    return this.#runs.get(runId)?.metrics.get(metric);
  }

  /** [[run id, cursor]] of those of `runIds` whose points are known up to a cursor. */
  cursors(runIds) {
    return runIds.filter((id) => this.#runs.has(id)).map((id) => [id, this.#runs.get(id).cursor]);
  }

  /** The names of all metrics of these runs, in the order of their first declaration. */
  async loadNames(runIds) {
    if (runIds.length === 0) return [];
    const { metrics } = await fetchJson(`/api/metrics?${query({ run: runIds })}`);
    for (const name of metrics) this.#names.add(name);
    return metrics;
  }

  /** Fetch what is not known yet of `metrics` for `runIds`; with no metrics only the cursors. */
  async load(runIds, metrics) {
    const missing = runIds.filter((id) => {
      const run = this.#runs.get(id);
      return !run || metrics.some((name) => !run.metrics.has(name));
    });
    if (missing.length === 0) return;
    const wanted = metrics.length ? metrics : [""];
    this.#nLoading += 1;
    try {
      const { runs } = await fetchJson(`/api/series?${query({ run: missing, metric: wanted, points: [pointsEach(runIds.length * wanted.length)] })}`);
      for (const [id, answer] of Object.entries(runs)) this.#take(id, metrics, answer);
    } finally {
      this.#nLoading -= 1;
      if (this.#nLoading === 0) this.#recent = [];
    }
  }

  #take(id, metrics, answer) {
    const recent = this.#recent.filter((event) => event.run === id);
    if (!this.#runs.has(id)) {
      const cursor = Math.max(answer.cursor, ...recent.map((event) => event.cursor));
      this.#runs.set(id, { cursor, metrics: new Map() });
    }
    const run = this.#runs.get(id);
    for (const name of metrics) {
      if (run.metrics.has(name)) continue;
      const found = answer.metrics[name];
      const series = {
        columns: found ? columnsOf(found) : emptyColumns(),
        count: found?.count ?? 0,
        isThinned: found?.is_thinned ?? false,
        cursor: answer.cursor,
      };
      run.metrics.set(name, series);
      for (const event of recent) appendEvent(series, event, name);
    }
  }

  /** More points of one metric between two steps than the overview holds. */
  async loadDetail(runIds, metric, firstStep, lastStep) {
    const parts = { run: runIds, metric: [metric], first_step: [firstStep], last_step: [lastStep], points: [pointsEach(runIds.length)] };
    const { runs } = await fetchJson(`/api/series?${query(parts)}`);
    const found = Object.entries(runs).filter(([, answer]) => answer.metrics[metric]);
    return new Map(found.map(([id, answer]) => [id, columnsOf(answer.metrics[metric])]));
  }

  /** Whether points between what is known and this event are missing. */
  hasGap({ run, start }) {
    return this.#runs.has(run) && start > this.#runs.get(run).cursor;
  }

  /** Take a `points` event in. Returns the names of the metrics that changed. */
  append(event) {
    if (this.#nLoading > 0) this.#recent.push(event);
    const run = this.#runs.get(event.run);
    if (!run || event.cursor <= run.cursor) return [];
    run.cursor = event.cursor;
    const names = Object.keys(event.metrics);
    for (const name of names) this.#announce(name);
    return names.filter((name) => run.metrics.has(name) && appendEvent(run.metrics.get(name), event, name));
  }

  #announce(name) {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.onNewMetric(name);
  }

  /** The run's file began anew: what it holds now comes with the stream. */
  empty(runId) {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.cursor = 0;
    for (const series of run.metrics.values()) {
      Object.assign(series, { columns: emptyColumns(), count: 0, isThinned: false, cursor: 0 });
    }
  }

  /** Forget a run; it is loaded anew. */
  forget(runId) {
    this.#runs.delete(runId);
  }

  /** Forget all runs but these, so that a page open for days stays small. */
  keepOnly(runIds) {
    const kept = new Set(runIds);
    for (const id of this.#runs.keys()) if (!kept.has(id)) this.#runs.delete(id);
  }
}

/** Append what an event holds of one metric, unless it is known. Returns whether anything was new. */
function appendEvent(series, event, name) {
  const points = event.metrics[name];
  if (!points || event.cursor <= series.cursor) return false;
  series.cursor = event.cursor;
  series.count += appendPoints(series.columns, points);
  series.isThinned ||= event.is_thinned === true;
  if (series.columns.step.length > LIMIT) {
    series.columns = thin(series.columns, LIMIT / 4);
    series.isThinned = true;
  }
  return true;
}

/** Buckets for each of so many series: the more are drawn at once, the fewer each needs. */
function pointsEach(nSeries) {
  return Math.min(MOST_POINTS, Math.max(LEAST_POINTS, Math.round(POINTS_OF_ALL / nSeries)));
}

function columnsOf({ step, wall_time, value }) {
  return { step, wall_time, value };
}

function query(parts) {
  const params = new URLSearchParams();
  for (const [name, values] of Object.entries(parts)) for (const value of values) params.append(name, value);
  return params;
}

async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.split("?")[0]} answered ${response.status}`);
  return response.json();
}
