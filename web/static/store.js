// What the page knows of its runs' points: loaded once for each metric, then only appended to.

import { appendPoints, emptyColumns, thin } from "./columns.js";

const LIMIT = 4000;
const POINTS = 1000;

export class SeriesStore {
  /** run id -> {cursor, metrics: name -> {columns, count, isThinned, cursor}} */
  #runs = new Map();
  #names = new Set();
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
    const { runs } = await fetchJson(`/api/series?${query({ run: missing, metric: wanted, points: [POINTS] })}`);
    for (const [id, answer] of Object.entries(runs)) this.#take(id, metrics, answer);
  }

  #take(id, metrics, answer) {
    if (!this.#runs.has(id)) this.#runs.set(id, { cursor: answer.cursor, metrics: new Map() });
    const run = this.#runs.get(id);
    for (const name of metrics) {
      const found = answer.metrics[name];
      if (run.metrics.has(name)) continue;
      run.metrics.set(name, {
        columns: found ? columnsOf(found) : emptyColumns(),
        count: found?.count ?? 0,
        isThinned: found?.is_thinned ?? false,
        cursor: answer.cursor,
      });
    }
  }

  /** More points of one metric between two steps than the overview holds. */
  async loadDetail(runIds, metric, firstStep, lastStep) {
    const parts = { run: runIds, metric: [metric], first_step: [firstStep], last_step: [lastStep], points: [POINTS] };
    const { runs } = await fetchJson(`/api/series?${query(parts)}`);
    const found = Object.entries(runs).filter(([, answer]) => answer.metrics[metric]);
    return new Map(found.map(([id, answer]) => [id, columnsOf(answer.metrics[metric])]));
  }

  /** Whether points between what is known and this event are missing. */
  hasGap({ run, start }) {
    return this.#runs.has(run) && start > this.#runs.get(run).cursor;
  }

  /** Take a `points` event in. Returns the names of the metrics that changed. */
  append({ run: id, cursor, metrics, is_thinned: isThinned }) {
    const run = this.#runs.get(id);
    if (!run || cursor <= run.cursor) return [];
    run.cursor = cursor;
    const changed = [];
    for (const [name, points] of Object.entries(metrics)) {
      this.#announce(name);
      const series = run.metrics.get(name);
      if (!series || cursor <= series.cursor) continue;
      series.cursor = cursor;
      series.count += appendPoints(series.columns, points);
      series.isThinned ||= isThinned === true;
      if (series.columns.step.length > LIMIT) {
        series.columns = thin(series.columns, LIMIT / 4);
        series.isThinned = true;
      }
      changed.push(name);
    }
    return changed;
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
