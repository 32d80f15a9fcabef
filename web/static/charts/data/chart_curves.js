// The curves of one chart: of its metric, and of others that a reader combined it with. If more
// points than the overview holds were fetched, of the zoomed part or of the run pointed at, with
// these.

import { titleOf } from "./derived.js";

const N_COLORS = 12;
/** How the curves of each further metric are dashed, in pixels. The first is solid. */
const DASHES = [[], [6, 3], [1.5, 3], [8, 3, 1.5, 3], [3, 2], [12, 4]];

export class ChartCurves {
  all = [];
  #source;
  #view;
  #parts; // of each metric {metric, label, place, isRight}
  #key = null;
  #details = new Map(); // metric -> what was fetched of the part in view
  #whole = null; // of the run pointed at: {id, columns: metric -> all of its points}
  #marks = new WeakMap(); // curve -> its copy as one of several

  constructor(metric, source, view) {
    this.metric = metric;
    this.set(source, view);
  }

  /** @param {{left: string[], right: string[]}} [others]  further metrics, by their axis */
  set(source, view, others = { left: [], right: [] }) {
    this.#source = source;
    this.#view = view;
    const key = JSON.stringify(others);
    if (key === this.#key) return;
    this.#key = key;
    this.#marks = new WeakMap();
    const metrics = [this.metric, ...others.left, ...others.right], labels = shortest(metrics.map(titleOf));
    this.#parts = metrics.map((metric, place) => ({ metric, label: labels[place], place, isRight: place > others.left.length }));
  }

  /** The metrics that are drawn, if there is more than one. */
  get parts() {
    return this.#parts;
  }

  get metrics() {
    return this.#parts.map(({ metric }) => metric);
  }

  get hasRight() {
    return this.#parts.some(({ isRight }) => isRight);
  }

  /** Find the current curves. */
  update() {
    this.all = this.#found((metric) => this.#source.curves(metric, this.#view, this.#details.get(metric)));
    return this.all;
  }

  /** The curves for the pointer: those of the run pointed at with all of their points. */
  get readable() {
    const whole = this.#whole;
    if (!whole) return this.all;
    const finer = (curve, metric) => {
      const columns = curve.id === whole.id && whole.columns.get(metric);
      return columns ? this.#source.curve(curve.id, columns, this.#view) : curve;
    };
    if (this.#parts.length === 1) return this.all.map((curve) => finer(curve, this.metric));
    return this.#found((metric) => this.#source.curves(metric, this.#view, this.#details.get(metric)).map((curve) => finer(curve, metric)));
  }

  #found(curvesOf) {
    if (this.#parts.length === 1) return curvesOf(this.metric);
    const found = this.#parts.map((part) => curvesOf(part.metric));
    const isAlone = new Set(found.flat().map((curve) => curve.id)).size === 1;
    return found.flatMap((curves, i) => curves.map((curve) => this.#marked(curve, this.#parts[i], isAlone)));
  }

  /** A curve with the name of its metric. Of a single run each metric has another colour. */
  #marked(curve, part, isAlone) {
    const known = this.#marks.get(curve);
    if (known?.isAlone === isAlone) return known.marked;
    const { place, label, isRight } = part;
    const colored = (color) => (isAlone && typeof color === "number" ? (color + place) % N_COLORS : color);
    const marked = { ...curve, key: `${place}/${curve.id}`, name: `${label}: ${curve.name}`, short: `${label}: ${curve.short ?? curve.name}`, color: colored(curve.color), own: colored(curve.own), place, isRight, dash: DASHES[place], isBest: curve.isBest && place === 0 };
    this.#marks.set(curve, { marked, isAlone });
    return marked;
  }

  // ---- What was fetched beyond the overview ----

  /** Drop the detail of the part that was zoomed into before. */
  forget() {
    this.#details.clear();
    this.#whole = null;
  }

  forgetWhole() {
    this.#whole = null;
  }

  get hasWhole() {
    return this.#whole !== null;
  }

  showWhole(id, metric, columns) {
    if (this.#whole?.id !== id) this.#whole = { id, columns: new Map() };
    this.#whole.columns.set(metric, columns);
  }

  /** The metrics of which a run is drawn with fewer points than it has. */
  thinnedOf(id) {
    if (!this.all.some((curve) => curve.id === id)) return [];
    return this.metrics.filter((metric) => this.#source.isThinned(metric, id, this.#details.get(metric)));
  }

  /** Add new points of its run to what was fetched. */
  append(metric, runId, points) {
    this.#source.appendDetail?.(this.#details.get(metric), runId, points);
    const columns = this.#whole?.id === runId && this.#whole.columns.get(metric);
    if (columns) this.#source.appendDetail?.(new Map([[runId, columns]]), runId, points);
  }

  /**
   * Fetch more points of the zoomed part. Returns how many have come (null: none, or no longer
   * wanted).
   */
  async loadDetail(isWanted) {
    const view = this.#view, { metrics } = this;
    const details = await Promise.all(metrics.map((metric) => this.#source.loadDetail(metric, view).catch(() => null))); // the overview stays
    if (!isWanted(view) || details.every((one) => !one)) return null;
    details.forEach((detail, i) => detail && this.#details.set(metrics[i], detail));
    return details.flatMap((detail) => [...(detail?.values() ?? [])]).reduce((sum, columns) => sum + columns.step.length, 0);
  }

  // ---- Descriptions and legends ----

  /** The `describe` of a source, for all metrics together. */
  describe() {
    const found = this.metrics.map((metric) => this.#source.describe(metric, this.#view, this.#details.get(metric)));
    if (found.length === 1) return found[0];
    const sum = (name) => found.reduce((total, one) => total + one[name], 0);
    return { nPoints: sum("nPoints"), nCurves: Math.max(...found.map((one) => one.nCurves)), nDrawn: sum("nDrawn"), nInView: sum("nInView"), word: found[0].word };
  }

  get isLoaded() {
    return this.metrics.every((metric) => this.#source.isLoaded(metric, this.#view));
  }

  /** The runs or groups for a legend: with several metrics, each with all of them. */
  get entries() {
    const { entries } = this.#source;
    if (this.#parts.length === 1) return entries;
    return this.#parts.flatMap(({ label, place }) => entries.map((entry) => ({ ...entry, key: `${place}/${entry.id}`, name: `${label}: ${entry.name}` })));
  }
}

/**
 * Pure: the part of names after the last `/`, if that distinguishes them. Else without their common
 * sections.
 */
export function shortest(names) {
  const parts = names.map((name) => name.split("/")), last = parts.map((one) => one.at(-1));
  if (new Set(last).size === names.length) return last;
  let n = 0;
  while (parts.every((one) => one.length > n + 1 && one[n] === parts[0][n])) n += 1;
  return parts.map((one) => one.slice(n).join("/"));
}
