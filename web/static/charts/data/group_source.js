// Curves of groups of runs, of a sweep or started by hand: mean and band, computed by the server
// from all runs of each group. While runs continue they are requested again now and then, and only
// changes are sent.

import { smooth } from "./columns.js";
import { drawn } from "./curves.js";
import { counted, formatDuration, formatNumber, formatPointed, formatStep } from "../../lib/format.js";
import { whileLoading } from "../../lib/loading.js";
import { xParameter } from "./chart_settings.js";
import { isShown } from "./view.js";
import { addressOf } from "../../lib/base.js";

const REFRESH_MS = 5000;
const SHARE_OF_TIME = 10; // refreshing takes a tenth of the time at most

export class GroupSource {
  #sweepId;
  #onProgress;
  #progress = new Map(); // key -> how many logs are read, while it is waited for
  #answers = new Map(); // the grouping and the metric -> {groups, and the curves drawn of them}
  #etags = new Map(); // query -> of the last answer to it
  #loading = new Map(); // key -> promise
  #timer = 0;
  #view = null;
  #wanted = () => [];
  #onNews = () => {};

  /**
   * @param {string | undefined} sweepId  none: groups of experiments
   * @param {() => void} onProgress  `waitingText` has changed
   */
  constructor(sweepId, onProgress) {
    this.#sweepId = sweepId;
    this.#onProgress = onProgress;
  }

  /** The text of a chart until its averages have come. */
  waitingText(metric, view) {
    return [`Averaging over all ${this.#sweepId ? "runs of the sweep" : "experiments"}…`, this.#progress.get(keyOf(view, metric))].filter(Boolean).join("\n");
  }

  /** The groups that were loaded last, for a legend. */
  get entries() {
    const start = whichOf(this.#view);
    const found = new Map();
    for (const [key, { groups }] of this.#answers) {
      if (!key.startsWith(start)) continue;
      for (const { id, name, color, n_runs } of groups) found.set(id, { id, name, color, title: `${counted(n_runs)} runs` });
    }
    return [...found.values()];
  }

  setView(view) {
    this.#view = view;
  }

  /**
   * Refresh the visible metrics from time to time; `onNews` is called when there was news.
   *
   * @param {() => [object, string[]][]} wanted  views with their metrics, for each horizontal axis
   */
  follow(wanted, onNews) {
    this.#wanted = wanted;
    this.#onNews = onNews;
    this.#timer ||= setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  async #refresh() {
    const start = performance.now(), wanted = document.hidden ? [] : this.#wanted().filter(([, metrics]) => metrics.length);
    // the next request may succeed
    const news = await Promise.all(wanted.map(([view, metrics]) => this.#fetch(metrics, view).catch(() => false)));
    if (news.includes(true)) this.#onNews();
    if (this.#timer) this.#timer = setTimeout(() => this.#refresh(), Math.max(REFRESH_MS, SHARE_OF_TIME * (performance.now() - start)));
  }

  async load(metrics, view) {
    const missing = metrics.filter((metric) => !this.isLoaded(metric, view) && !this.#loading.has(keyOf(view, metric)));
    if (missing.length) {
      const keys = missing.map((metric) => keyOf(view, metric));
      const stop = reportProgress(addressOf(`/api/groups/progress?${this.#queryOf(missing, view)}`), (text) => this.#setProgress(keys, text));
      const loading = whileLoading(this.#fetch(missing, view)).finally(() => {
        stop();
        keys.forEach((key) => this.#loading.delete(key) && this.#progress.delete(key));
      });
      for (const key of keys) this.#loading.set(key, loading);
    }
    await Promise.all(metrics.map((metric) => this.#loading.get(keyOf(view, metric))));
  }

  #setProgress(keys, text) {
    for (const key of keys) this.#progress.set(key, text);
    this.#onProgress();
  }

  isLoaded(metric, view) {
    return this.#answers.has(keyOf(view, metric));
  }

  describe(metric, view) {
    const curves = this.curves(metric, view, null);
    const nPoints = curves.reduce((sum, curve) => sum + curve.x.length, 0);
    return { nPoints, nCurves: curves.length, nDrawn: nPoints, nInView: nPoints, word: "group" };
  }

  isThinned() {
    return false; // which runs are combined is explained in the docs, not at each curve
  }

  curves(metric, view, detail) {
    const answer = detail?.answer ?? this.#answers.get(keyOf(view, metric));
    if (!answer) return [];
    const ids = answer.groups.some((group) => view.solo.has(group.id)) ? view : { ...view, solo: new Set() };
    const key = [view.smoothing, view.isLogX, view.isLogY, view.band].join("|");
    if (answer.key !== key) Object.assign(answer, { key, curves: answer.groups.map((group) => curveOfGroup(group, view)) });
    return answer.curves.filter((curve) => curve.x.length && isShown(ids, curve.id));
  }

  /** The zoomed part in finer buckets. */
  async loadDetail(metric, view) {
    const query = `${this.#queryOf([metric], view)}&first=${view.zoom[0]}&last=${view.zoom[1]}`;
    const { metrics } = await readJson(await fetch(addressOf(`/api/groups?${query}`)));
    const detail = new Map(metrics[metric].map((group) => [group.id, { step: group.x }]));
    detail.answer = { groups: metrics[metric] };
    return detail;
  }

  /** The figures of the visible groups, as text. */
  data(metric, view, format) {
    const shown = new Set(this.curves(metric, view, null).map((curve) => curve.id));
    const groups = this.#answers.get(keyOf(view, metric)).groups.filter((group) => shown.has(group.id));
    return { text: format === "json" ? JSON.stringify({ metric, x: xParameter(view), groups }, null, 1) : groupsCsv(groups) };
  }

  xText({ curve, i }) {
    return curve.at(i);
  }

  #queryOf(metrics, view) {
    const query = new URLSearchParams({ ...(this.#sweepId && { sweep: this.#sweepId }), group: view.group, x: xParameter(view) });
    if (view.over !== "all") query.set("over", view.over);
    for (const metric of metrics) query.append("metric", metric);
    return [query.toString(), view.filters, this.#sweepId ? "" : view.chosen].filter(Boolean).join("&");
  }

  /** Returns whether anything is new. */
  async #fetch(names, view) {
    const query = this.#queryOf(names, view), etag = this.#etags.get(query);
    const response = await fetch(addressOf(`/api/groups?${query}`), { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
    if (response.status === 304) return false;
    const { metrics } = await readJson(response);
    for (const [metric, groups] of Object.entries(metrics)) this.#answers.set(keyOf(view, metric), { groups });
    this.#etags.set(query, response.headers.get("etag"));
    return true;
  }
}

const CSV_COLUMNS = ["x", "n", "mean", "std", "low", "high"];

function groupsCsv(groups) {
  const lines = [["group", ...CSV_COLUMNS].join(",")];
  for (const group of groups) {
    const name = `"${group.name.replaceAll('"', '""')}"`;
    group.x.forEach((_, i) => lines.push([name, ...CSV_COLUMNS.map((column) => group[column][i] ?? "NaN")].join(",")));
  }
  return `${lines.join("\r\n")}\r\n`;
}

const whichOf = ({ group, over, filters, chosen }) => JSON.stringify([group, over, filters, chosen]);
const keyOf = (view, metric) => `${whichOf(view)} ${JSON.stringify(xParameter(view))} ${metric}`;

/**
 * Returns a function that ends it. The module is loaded when it is needed: elsewhere it would be
 * one file more.
 */
function reportProgress(url, onText) {
  const following = import("./group_progress.js").then(({ followProgress }) => followProgress(url, onText));
  following.catch((error) => console.warn(`groups: ${error.message}`));
  return () => following.then((stop) => stop(), () => {});
}

async function readJson(response) {
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function curveOfGroup(group, view) {
  const from = view.isLogX ? group.x.findIndex((x) => x > 0) : 0;
  const cut = (values) => (from === 0 ? values : from < 0 ? [] : values.slice(from));
  const [x, mean, std, lowest, highest, n] = [group.x, group.mean, group.std, group.low, group.high, group.n].map(cut), nNan = cut(group.n_nan);
  const isStd = view.band === "std";
  const edge = (values) => {
    const edges = smooth(values, view.smoothing);
    return view.isLogY ? edges.map((one) => (one > 0 ? one : null)) : edges;
  };
  const sums = (sign) => mean.map((value, i) => (value === null ? null : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value + sign * std[i]))));
  const hasBand = view.band !== "none";
  return {
    ...withFewer(drawn(mean, view), n),
    id: group.id, name: group.name, short: group.short, color: group.color, x, value: mean, step: x, n, nNan, nRuns: group.n_runs,
    low: hasBand ? edge(isStd ? sums(-1) : lowest) : null,
    high: hasBand ? edge(isStd ? sums(1) : highest) : null,
    at: (i) => xTextOf(x[i], view),
    spread: (i) => (n[i] < 2 ? "" : view.band === "minmax" ? `(${formatNumber(lowest[i])} to ${formatNumber(highest[i])})` : `± ${formatNumber(Number(std[i].toPrecision(2)))}`),
  };
}

/**
 * Pure: the line while no earlier place had values of more runs, and the rest, to be dashed: runs
 * have ended, or log at other steps.
 */
export function withFewer(lines, n) {
  let most = 0;
  const isFull = n.map((one) => one >= (most = Math.max(most, one)));
  if (isFull.every(Boolean)) return lines;
  const isFewer = (i) => isFull[i] === false;
  const { y } = lines;
  return { ...lines, all: y.map((one, i) => (isFull[i] ? one : null)), fewer: y.map((one, i) => (isFewer(i - 1) || isFewer(i) || isFewer(i + 1) ? one : null)) };
}

function xTextOf(x, { x: mode, xMetric }) {
  if (mode === "metric") return `${xMetric} ${formatNumber(x)}`;
  if (mode === "step") return `step ${formatStep(x)}`;
  return mode === "relative" ? formatDuration(x) : formatPointed(x);
}
