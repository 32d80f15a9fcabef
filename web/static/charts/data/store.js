// The points of a page's runs: loaded once for each metric, then only appended to.

import { appendPoints, emptyColumns, thin } from "./columns.js";
import { MOST_METRICS } from "./metric_limit.js";
import { unpackSeries } from "./packing.js";
import { addressOf } from "../../lib/base.js";

const LIMIT = 4000;
const MOST_BUCKETS = 20_000; // as MAX_POINTS of series.py
const BUCKETS_OF_ALL = 30_000, LEAST_POWER = 4, MOST_POWER = 8, MOST_POWER_ZOOMED = 10;

export class SeriesStore {
  /** run id -> {cursor, names, metrics: name -> {columns, count, isThinned, cursor}} */
  #runs = new Map();
  #nLoading = 0;
  #recent = []; // `points` events that came while something was loading
  #early = null; // {href, answer}: what `loadRuns` will ask for, already on its way
  onNewMetric = () => {};

  series(runId, metric) {
    return this.#runs.get(runId)?.metrics.get(metric);
  }

  /** [[run id, cursor]] of those of `runIds` whose points are known up to a cursor. */
  cursors(runIds) {
    return runIds.filter((id) => this.#runs.has(id)).map((id) => [id, this.#runs.get(id).cursor]);
  }

  /** The names of all metrics of these runs, in the order of their first declaration. */
  names(runIds) {
    return [...new Set(runIds.flatMap((id) => [...(this.#runs.get(id)?.names ?? [])]))];
  }

  /** How many metrics one of these runs has, even if not all were named. */
  nMetrics(runIds) {
    const ofRun = (run) => (run ? run.names.size + run.nLeftOut : 0);
    return runIds.reduce((most, id) => Math.max(most, ofRun(this.#runs.get(id))), 0);
  }

  /** Load these runs; `href` returns all of them with the first charts' points. */
  async loadRuns(runIds, href) {
    const wanted = this.#addressOfMissing(runIds, href);
    if (wanted) await this.#fetch(wanted);
  }

  /** Request what `loadRuns` will load, before the page that shows these runs is there. */
  expectRuns(runIds, href) {
    const wanted = this.#addressOfMissing(runIds, href);
    this.#early = wanted && { href: wanted, answer: fetchSeries(wanted) };
    this.#early?.answer.catch(() => {}); // `loadRuns` reports it
  }

  /** No page came of it. */
  expectNothing() {
    this.#early = null;
  }

  #addressOfMissing(runIds, href) {
    const missing = runIds.filter((id) => !this.#runs.has(id));
    if (missing.length === 0) return null;
    if (missing.length === runIds.length && href) return href;
    const known = runIds.filter((id) => this.#runs.has(id));
    const metrics = new Set(known.flatMap((id) => [...this.#runs.get(id).metrics.keys()]));
    return address({ run: missing, metric: metrics.size > 0 ? metrics : [""], points: [bucketsEach(runIds.length * metrics.size)] });
  }

  /** Fetch the unknown points of `metrics` for `runIds`. */
  async load(runIds, metrics) {
    const missing = runIds.filter((id) => {
      const run = this.#runs.get(id);
      return !run || metrics.some((name) => !run.metrics.has(name));
    });
    if (missing.length === 0 || metrics.length === 0) return;
    await this.#fetch(address({ run: missing, metric: metrics, points: [bucketsEach(runIds.length * metrics.length)] }));
  }

  /** Fetch metrics again that no event updates: derived ones. */
  async reload(runIds, metrics) {
    const known = runIds.filter((id) => this.#runs.has(id));
    if (known.length && metrics.length) await this.#fetch(address({ run: known, metric: metrics, points: [bucketsEach(this.#runs.size * metrics.length)] }), true);
  }

  async #fetch(href, isAgain = false) {
    const early = this.#early?.href === href ? this.#early.answer : null;
    this.#early = null;
    this.#nLoading += 1;
    try {
      const { metrics, runs } = await (early ?? fetchSeries(href));
      if (isAgain) for (const id of runs.keys()) for (const name of metrics) this.#runs.get(id)?.metrics.delete(name);
      for (const [id, answer] of runs) this.#take(id, metrics, answer);
    } finally {
      this.#nLoading -= 1;
      if (this.#nLoading === 0) this.#recent = [];
    }
  }

  #take(id, metrics, answer) {
    const recent = this.#recent.filter((event) => event.run === id);
    if (!this.#runs.has(id)) {
      const cursor = Math.max(answer.cursor, ...recent.map((event) => event.cursor));
      this.#runs.set(id, { cursor, names: new Set(), nLeftOut: answer.nLeftOut, metrics: new Map() });
    }
    const run = this.#runs.get(id);
    for (const name of [...answer.names, ...recent.flatMap((event) => Object.keys(event.metrics))]) run.names.add(name);
    for (const name of metrics) {
      if (run.metrics.has(name)) continue;
      const found = answer.series.get(name);
      const series = {
        columns: found ? columnsOf(found) : emptyColumns(),
        count: found?.count ?? 0,
        isThinned: found?.isThinned ?? false,
        cursor: answer.cursor,
      };
      run.metrics.set(name, series);
      for (const event of recent) appendEvent(series, event, name);
    }
  }

  /** More points of one metric between two steps than the overview holds. */
  async loadDetail(runIds, metric, firstStep, lastStep) {
    const parts = { run: runIds, metric: [metric], first_step: [firstStep], last_step: [lastStep], points: [bucketsEach(runIds.length, MOST_POWER_ZOOMED)] };
    const { runs } = await fetchSeries(address(parts));
    return new Map([...runs].filter(([, { series }]) => series.has(metric)).map(([id, { series }]) => [id, detailOf(series.get(metric))]));
  }

  /**
   * metric -> all points of one run, or between two steps. With more than some ten thousand, nearly
   * all.
   */
  async loadWhole(runId, metrics, steps) {
    const between = steps ? { first_step: [steps[0]], last_step: [steps[1]] } : {};
    const { runs } = await fetchSeries(address({ run: [runId], metric: metrics, points: [MOST_BUCKETS], ...between }));
    return new Map([...(runs.get(runId)?.series ?? [])].map(([metric, series]) => [metric, detailOf(series)]));
  }

  /** Whether points between the known ones and this event are missing. */
  hasGap({ run, start }) {
    return this.#runs.has(run) && start > this.#runs.get(run).cursor;
  }

  /** Apply a `points` event. Returns the names of the metrics that changed. */
  append(event) {
    if (this.#nLoading > 0) this.#recent.push(event);
    const run = this.#runs.get(event.run);
    if (!run || event.cursor <= run.cursor) return [];
    run.cursor = event.cursor;
    const names = Object.keys(event.metrics);
    for (const name of names) this.#announce(run, name);
    return names.filter((name) => run.metrics.has(name) && appendEvent(run.metrics.get(name), event, name));
  }

  #announce(run, name) {
    if (run.names.has(name) || run.names.size >= MOST_METRICS) return;
    const isNew = ![...this.#runs.values()].some((one) => one.names.has(name));
    run.names.add(name);
    if (isNew) this.onNewMetric(name);
  }

  /** The run's file started again: its content comes with the stream. */
  empty(runId) {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.cursor = 0;
    for (const series of run.metrics.values()) {
      Object.assign(series, { columns: emptyColumns(), count: 0, isThinned: false, cursor: 0 });
    }
  }

  /** Forget a run. It will be loaded again. */
  forget(runId) {
    this.#runs.delete(runId);
  }

  /** Forget all runs but these, so that a page that is open for days stays small. */
  keepOnly(runIds) {
    const kept = new Set(runIds);
    for (const id of this.#runs.keys()) if (!kept.has(id)) this.#runs.delete(id);
  }
}

/**
 * Append the points of one metric in an event, unless they are known. Returns whether any were new.
 */
function appendEvent(series, event, name) {
  const points = event.metrics[name];
  if (!points || event.cursor <= series.cursor) return false;
  series.cursor = event.cursor;
  series.count += appendPoints(series.columns, points);
  series.isThinned ||= event.is_thinned === true;
  const { abandoned, repeated } = series.columns;
  if (series.columns.step.length > LIMIT) {
    series.columns = { ...thin(series.columns, LIMIT / 4), abandoned, repeated };
    series.isThinned = true;
  }
  if (repeated?.step.length > LIMIT) series.columns.repeated = { ...thin(repeated, LIMIT / 4), count: repeated.count };
  return true;
}

/**
 * Buckets for each of so many series: the more are drawn at once, the fewer each needs. Same as
 * `buckets_each` of `series.py`.
 */
function bucketsEach(nSeries, mostPower = MOST_POWER) {
  const power = Math.round(Math.log2(Math.max(1, BUCKETS_OF_ALL / Math.max(1, nSeries))));
  return 2 ** Math.min(mostPower, Math.max(LEAST_POWER, power));
}

function columnsOf({ step, wall_time, value, abandoned = null, repeated = null }) {
  return { step, wall_time, value, abandoned, repeated };
}

/** Columns with the number of points that they represent. */
function detailOf({ count, isThinned, ...series }) {
  return { ...columnsOf(series), count, isThinned };
}

function address(parts) {
  const params = new URLSearchParams();
  for (const [name, values] of Object.entries(parts)) for (const value of values) params.append(name, value);
  return `/api/points?${params}`;
}

async function fetchSeries(href) {
  const response = await fetch(addressOf(href));
  if (!response.ok) throw new Error(`${href.split("?")[0]} answered ${response.status}`);
  return unpackSeries(await response.arrayBuffer());
}
