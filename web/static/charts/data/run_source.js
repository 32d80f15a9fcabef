// Curves of single runs, from the points in the store.

import { appendPoints } from "./columns.js";
import { curveOf, isOverTime } from "./curves.js";
import { formatDuration, formatNumber, formatPointed, formatStep } from "../../lib/format.js";
import { isShown } from "./view.js";
import { addressOf } from "../../lib/base.js";

export class RunSource {
  #store;
  #runs = [];

  constructor(store) {
    this.#store = store;
  }

  /** @param {{id: string, name: string, color: number, started_at: number | null}[]} runs */
  setRuns(runs) {
    this.#runs = runs;
  }

  get entries() {
    return this.#runs;
  }

  /** @param {string | null} xMetric  the metric on the x axis, which every chart needs */
  load(metrics, { xMetric } = {}) {
    const wanted = xMetric ? [...new Set([...metrics, xMetric])] : metrics;
    return this.#store.load(this.#runs.map((run) => run.id), wanted);
  }

  isLoaded(metric, { xMetric } = {}) {
    return [metric, xMetric ?? metric].every((name) => this.#runs.every((run) => this.#store.series(run.id, name)));
  }

  /** The text of a chart without a curve, if the reason is its axis. */
  emptyText(metric, { xMetric }) {
    if (!xMetric || !this.#runs.some((run) => this.#store.series(run.id, metric)?.count)) return null;
    return `None of these runs logged ${xMetric} at the steps of ${metric}`;
  }

  #across(run, view) {
    return view.xMetric ? this.#store.series(run.id, view.xMetric)?.columns ?? null : null;
  }

  /**
   * A description of the curves of a metric for readers; `nDrawn` of `nInView` points are drawn, if
   * known.
   */
  describe(metric, view, detail) {
    let nPoints = 0, nCurves = 0, nDrawn = 0, nInView = 0;
    for (const run of this.#shown(view)) {
      const series = this.#store.series(run.id, metric);
      if (!series?.count || (view.xMetric && !this.#across(run, view)?.step.length)) continue;
      const more = isOverTime(view) ? series.columns.repeated : null;
      nPoints += series.count + (more?.count ?? 0);
      nCurves += 1;
      if (view.zoom && !detail?.has(run.id)) continue; // all of it, or not known yet
      const { columns, count } = this.#best(run.id, metric, detail);
      const repeated = isOverTime(view) ? columns.repeated : null;
      nDrawn += columns.step.length + (repeated?.step.length ?? 0);
      nInView += count + (repeated?.count ?? 0);
    }
    return { nPoints, nCurves, nDrawn, nInView, word: "run" };
  }

  /**
   * The best known points of a run: in the visible part all that were requested, else the overview.
   */
  #best(id, metric, detail) {
    const columns = detail?.get(id);
    return columns ? { columns, count: columns.count, isThinned: columns.isThinned } : this.#store.series(id, metric);
  }

  /** Whether a curve is drawn with fewer points than were logged. */
  isThinned(metric, id, detail) {
    return this.#best(id, metric, detail)?.isThinned ?? false;
  }

  curves(metric, view, detail) {
    const found = [];
    for (const run of this.#shown(view)) {
      const columns = detail?.get(run.id) ?? this.#store.series(run.id, metric)?.columns;
      if (columns?.step.length) found.push(curveOf(run, columns, view, this.#across(run, view)));
    }
    return found;
  }

  #shown(view) {
    const ids = this.#runs.some((run) => view.solo.has(run.id)) ? view : { ...view, solo: new Set() };
    return this.#runs.filter((run) => isShown(ids, run.id));
  }

  /** More points of the zoomed part than the overview holds, or null if it holds all. */
  async loadDetail(metric, view) {
    const shown = this.#shown(view);
    const thinned = shown.filter((run) => isPart(this.#store.series(run.id, metric)));
    if (thinned.length === 0) return null;
    const [first, last] = view.x === "step" ? view.zoom : this.#stepsWithin(thinned, metric, view);
    if (first > last) return null;
    return this.#store.loadDetail(thinned.map((run) => run.id), metric, Math.floor(first), Math.ceil(last));
  }

  /** metric -> all visible points of one run. */
  async loadWhole(metrics, view, id) {
    const run = this.#runs.find((one) => one.id === id);
    if (!view.zoom) return this.#store.loadWhole(id, metrics, null);
    const spans = view.x === "step" ? [view.zoom] : metrics.map((metric) => this.#stepsWithin([run], metric, view));
    const first = Math.min(...spans.map(([low]) => low)), last = Math.max(...spans.map(([, high]) => high));
    return first > last ? new Map() : this.#store.loadWhole(id, metrics, [Math.floor(first), Math.ceil(last)]);
  }

  /** The curve of a run, from columns that may be finer than the store's. */
  curve(id, columns, view) {
    const run = this.#runs.find((one) => one.id === id);
    return curveOf(run, columns, view, this.#across(run, view));
  }

  /** The steps between which the zoomed part of a time axis is, in any of the runs. */
  #stepsWithin(runs, metric, view) {
    let first = Infinity, last = -Infinity;
    for (const run of runs) {
      const { x, step } = curveOf(run, this.#store.series(run.id, metric).columns, view, this.#across(run, view));
      for (let i = 0; i < x.length; i++) {
        const isNear = x[Math.min(i + 1, x.length - 1)] >= view.zoom[0] && x[Math.max(i - 1, 0)] <= view.zoom[1];
        if (!isNear) continue;
        first = Math.min(first, step[i]);
        last = Math.max(last, step[i]);
      }
    }
    return [first, last];
  }

  appendDetail(detail, runId, points) {
    const columns = detail?.get(runId);
    if (columns) columns.count += appendPoints(columns, points);
  }

  /** The addresses of all points of the curves. */
  data(metric, view, format) {
    const query = new URLSearchParams([["metric", metric], ["format", format], ...this.#shown(view).map((run) => ["run", run.id])]);
    return { address: addressOf(`/export/series?${query}`) };
  }

  xText({ curve, i }, view) {
    if (view.x === "step") return `step ${formatStep(curve.step[i])}`;
    if (view.x === "relative") return formatDuration(curve.x[i]);
    if (view.x === "metric") return `${view.xMetric} ${formatNumber(curve.x[i])}`;
    return formatPointed(curve.x[i]);
  }
}

/** Whether there are more points of a series than are known. */
function isPart(series) {
  const repeated = series?.columns.repeated;
  return series?.isThinned || (repeated && repeated.step.length < repeated.count);
}
