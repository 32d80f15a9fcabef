// How the charts are drawn, according to the address. Pure, apart from the browser's memory of the
// reader's last choices, which apply if the address has none.

import { params as addressParams, setParams } from "../../lib/address.js";
import { keep, recall } from "../../lib/storage.js";
import { readCharts, xOf } from "./chart_settings.js";
import { isDerived } from "./derived.js";

const REMEMBERED = ["smoothing", "x", "log", "outliers", "band", "pin", "cols", "chart", "place"];
const KEY = "chart-defaults";
const FOLDED_AT_FIRST = ["system"];
const BUT = "but.";
export const BY_NAME = "name.";
const N_COLUMNS = ["1", "2", "3", "4"];

/** @typedef {{smoothing: number, x: "step"|"relative"|"wall"|"metric", xMetric: string | null, isLogX: boolean, isLogY: boolean,
 *   outliers: number, zoom: [number, number] | null, group: string | null, band: "std"|"minmax"|"none",
 *   over: "all"|"reached"|"carried", filters: string, chosen: string,
 *   hidden: Set<string>, solo: Set<string>, tags: string, pins: string[], folded: Set<string>,
 *   full: string | null, color: string | null, nColumns: string | null,
 *   charts: Map<string, import("./chart_settings.js").Own>, order: string[], derived: string[], low: number | null, high: number | null, rightLow: number | null, rightHigh: number | null,
 *   hasOwnX?: boolean}} View  `low` to `rightHigh`: the ends of the axes of values, where one chart has its own,
 *   and `hasOwnX`: whether it has a horizontal axis of its own; `color`: by what curves are coloured, null: by run; `outliers`: which part of the values at either end is clipped
 */

/**
 * Read a view from an address. Unknown values are ignored.
 *
 * @returns {View}
 */
export function readView(params) {
  const log = params.get("log") ?? "";
  return {
    smoothing: within(Number(params.get("smoothing")), 0, 0.999),
    ...xOf(params.get("x")),
    // the logarithm of a date has no meaning
    isLogX: log.includes("x") && params.get("x") !== "wall",
    isLogY: log.includes("y"),
    outliers: within(Number(params.get("outliers")), 0, 25) / 100,
    zoom: readRange(params.get("zoom")),
    group: params.get("group") || null,
    band: ["minmax", "none"].includes(params.get("band")) ? params.get("band") : "std",
    over: ["reached", "carried"].includes(params.get("over")) ? params.get("over") : "all",
    color: params.get("color") || null,
    nColumns: N_COLUMNS.includes(params.get("cols")) ? params.get("cols") : null,
    filters: filtersOf(params),
    chosen: new URLSearchParams([...params].filter(([name]) => name === "run" || name === "archived")).toString(),
    hidden: new Set(params.getAll("hide")),
    solo: new Set(params.getAll("solo")),
    tags: params.get("tags") ?? "",
    pins: params.getAll("pin"),
    folded: foldedSections(params.getAll("fold"), params.getAll("unfold")),
    full: params.get("full"),
    derived: [...new Set(params.getAll("derive").filter(isDerived))],
    charts: readCharts(params.getAll("chart")),
    order: params.getAll("place"),
    low: null, high: null, rightLow: null, rightHigh: null,
  };
}

/** The names of the folded sections. System metrics are folded by default. */
export function foldedSections(folded, unfolded) {
  const first = FOLDED_AT_FIRST.filter((name) => !unfolded.includes(name));
  return new Set([...folded, ...first]);
}

/** Changes to an address that fold these sections, and no others. */
export function foldParams(folded) {
  const isFirst = (name) => FOLDED_AT_FIRST.includes(name);
  return { fold: [...folded].filter((name) => !isFirst(name)), unfold: FOLDED_AT_FIRST.filter((name) => !folded.has(name)) };
}

/**
 * The filters of the table, as in the address: groups follow them. A condition may name derived
 * metrics.
 */
function filtersOf(params) {
  const hasCondition = Boolean(params.get("where"));
  const isFilter = (name) => name === "q" || name === "where" || name === "state" || (hasCondition && name === "derive") || /^(low\.|high\.)?[pm]\../.test(name);
  return new URLSearchParams([...params].filter(([name, value]) => value && isFilter(name))).toString();
}

const within = (number, low, high) => (Number.isFinite(number) ? Math.min(high, Math.max(low, number)) : 0);

function readRange(text) {
  const [low, high, ...rest] = (text ?? "").split("..").map((part) => (part === "" ? NaN : Number(part)));
  return rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low < high ? [low, high] : null;
}

/** A range as in the address: nine digits are more than a screen has pixels. */
export function writeRange(range) {
  return range && range.map((end) => String(Number.isInteger(end) ? end : Number(end.toPrecision(Math.abs(end) > 1e8 ? 13 : 9)))).join("..");
}

export function logParameter(isLogX, isLogY) {
  return `${isLogX ? "x" : ""}${isLogY ? "y" : ""}` || null;
}

/** Pure: the settings that a group by all but these leaves out. None for any other group. */
export const leftOut = (group) => (group?.startsWith(BUT) ? group.slice(BUT.length).split(",").filter(Boolean).map(decodeURIComponent) : []);

/** Pure: the group by all settings but these (null: of none). */
export const allBut = (names) => (names.length ? BUT + names.map(encodeURIComponent).join(",") : null);

/** Pure: whether a page that offers these groups can show this one. */
export const isOffered = (groups, group) => group !== BY_NAME && groups.some(({ value }) => value === group || [BUT, BY_NAME].some((kind) => group?.startsWith(kind) && value.startsWith(kind)));

/** Pure: the regular expression of a group by a part of the name (null for any other group). */
export const namePattern = (group) => (group?.startsWith(BY_NAME) ? group.slice(BY_NAME.length) : null);

/** Whether this curve is visible. */
export function isShown(view, id) {
  return view.solo.size ? view.solo.has(id) : !view.hidden.has(id);
}

// ---- The reader's last choices ----

/**
 * Changes to an address without parameters: the reader's last choices. A band is for groups only.
 */
export function rememberedParams() {
  const known = memory();
  return Object.fromEntries(REMEMBERED.filter((name) => name !== "band").map((name) => [name, texts(known[name])]));
}

/** The band that the reader chose last, for an address that gets groups (null: the usual one). */
export const rememberedBand = () => texts(memory().band)[0] ?? null;

const texts = (value) => [value].flat().filter((one) => typeof one === "string");

function memory() {
  try {
    return JSON.parse(recall(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Change the address as the reader chose. Going back restores it. */
export function choose(changes) {
  setParams(changes, { push: true });
  remember(addressParams());
}

/**
 * Pure: the settings of a chart that apply to other runs too: neither a metric as x nor the zoom.
 */
const lasting = (text) => text.replace(/;(zoom=|x=m\.)[^;]*/g, "");

export function remember(params) {
  const chosen = Object.fromEntries(REMEMBERED.filter((name) => params.has(name)).map((name) => [name, params.getAll(name)]));
  if (chosen.x?.[0].startsWith("m.")) delete chosen.x; // other runs may not have this metric
  if (chosen.chart) chosen.chart = chosen.chart.map(lasting).filter((text) => text.includes(";"));
  if (!params.has("group")) chosen.band = texts(memory().band);
  keep(KEY, JSON.stringify(chosen));
}
