// Curves of groups of runs: mean and band, computed by the server from all runs of each group.
// While runs go on they are asked for anew now and then, and travel only where they changed.

import { smooth } from "./columns.js";
import { drawn } from "./curves.js";
import { formatDuration, formatNumber, formatStep } from "./format.js";
import { isShown } from "./view.js";

const REFRESH_MS = 5000;
const SHARE_OF_TIME = 10; // of the time, refreshing takes a tenth at most

export class GroupSource {
  #sweepId;
  #answers = new Map(); // query -> {etag, groups, curves: view key -> Curve[]}
  #timer = 0;
  #view = null;
  #metrics = () => [];
  #onNews = () => {};

  constructor(sweepId) {
    this.#sweepId = sweepId;
  }

  /** Groups of what was loaded last, for a legend. */
  get entries() {
    const found = new Map();
    for (const [query, { groups }] of this.#answers) {
      if (!query.startsWith(this.#queryOf("", this.#view).split("&metric=")[0])) continue;
      for (const group of groups) found.set(group.id, { id: group.id, name: group.name, color: group.color, title: `${group.n_runs} runs` });
    }
    return [...found.values()];
  }

  setView(view) {
    this.#view = view;
  }

  /** Ask anew from time to time for the metrics on show; `onNews` is called where there was news. */
  follow(metrics, onNews) {
    this.#metrics = metrics;
    this.#onNews = onNews;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  async #refresh() {
    const start = performance.now();
    let hasNews = false;
    if (!document.hidden) {
      for (const metric of this.#metrics()) hasNews = (await this.#fetch(this.#queryOf(metric, this.#view)).catch(() => false)) || hasNews;
    }
    if (hasNews) this.#onNews();
    if (this.#timer) this.#timer = setTimeout(() => this.#refresh(), Math.max(REFRESH_MS, SHARE_OF_TIME * (performance.now() - start)));
  }

  async load(metrics) {
    const missing = metrics.map((metric) => this.#queryOf(metric, this.#view)).filter((query) => !this.#answers.has(query));
    await Promise.all(missing.map((query) => this.#fetch(query)));
  }

  isLoaded(metric) {
    return this.#answers.has(this.#queryOf(metric, this.#view));
  }

  describe(metric, view) {
    const curves = this.curves(metric, view, null);
    return { nPoints: curves.reduce((sum, curve) => sum + curve.x.length, 0), nCurves: curves.length, word: "group" };
  }

  curves(metric, view, detail) {
    const answer = detail?.answer ?? this.#answers.get(this.#queryOf(metric, view));
    if (!answer) return [];
    const ids = answer.groups.some((group) => view.solo.has(group.id)) ? view : { ...view, solo: new Set() };
    const key = [view.smoothing, view.isLogX, view.isLogY, view.band].join("|");
    if (answer.key !== key) Object.assign(answer, { key, curves: answer.groups.map((group) => curveOfGroup(group, view)) });
    return answer.curves.filter((curve) => curve.x.length && isShown(ids, curve.id));
  }

  /** The zoomed part in finer buckets. */
  async loadDetail(metric, view) {
    const query = `${this.#queryOf(metric, view)}&first=${view.zoom[0]}&last=${view.zoom[1]}`;
    const { groups } = await (await fetch(`/api/groups?${query}`)).json();
    const detail = new Map(groups.map((group) => [group.id, { step: group.x }]));
    detail.answer = { groups };
    return detail;
  }

  xText({ curve, i }) {
    return curve.at(i);
  }

  #queryOf(metric, view) {
    return new URLSearchParams({ sweep: this.#sweepId, group: view.group, x: view.x, metric }).toString();
  }

  /** Returns whether anything is new. */
  async #fetch(query) {
    const known = this.#answers.get(query);
    const headers = known?.etag ? { "If-None-Match": known.etag } : {};
    const response = await fetch(`/api/groups?${query}`, { headers, cache: "no-store" });
    if (response.status === 304) return false;
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    this.#answers.set(query, { ...answer, etag: response.headers.get("etag") });
    return true;
  }
}

function curveOfGroup(group, view) {
  const from = view.isLogX ? group.x.findIndex((x) => x > 0) : 0;
  const cut = (values) => (from === 0 ? values : from < 0 ? [] : values.slice(from));
  const [x, mean, std, lowest, highest, n] = [group.x, group.mean, group.std, group.low, group.high, group.n].map(cut);
  const isStd = view.band === "std";
  const edge = (values) => {
    const edges = smooth(values, view.smoothing);
    return view.isLogY ? edges.map((one) => (one > 0 ? one : null)) : edges;
  };
  const sums = (sign) => mean.map((value, i) => value + sign * std[i]);
  const hasBand = view.band !== "none";
  return {
    ...drawn(mean, view),
    id: group.id, name: group.name, color: group.color, x, value: mean, step: x, n, nRuns: group.n_runs,
    low: hasBand ? edge(isStd ? sums(-1) : lowest) : null,
    high: hasBand ? edge(isStd ? sums(1) : highest) : null,
    at: (i) => xTextOf(x[i], view.x),
    spread: (i) => (view.band === "minmax" ? `(${formatNumber(lowest[i])} to ${formatNumber(highest[i])})` : `± ${formatNumber(std[i])}`),
  };
}

function xTextOf(x, mode) {
  if (mode === "step") return `step ${formatStep(x)}`;
  return mode === "relative" ? formatDuration(x) : new Date(x * 1000).toLocaleTimeString("en", { hourCycle: "h23" });
}
