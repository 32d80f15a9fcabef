// Quantities for axes and colours: a setting of the runs, or one of their metrics. Pure.

import { formatNumber } from "../lib/format.js";
import { makeScale } from "./scale.js";

const LOG_FROM = 100; // ratio of the highest to the lowest

/**
 * @param {string} key  the name of a setting, also with `p.` before it, or `last.METRIC`
 * @returns {{title: string, column: (number|null)[], scale: object, axis: object | null, text: (place: number) => string}}
 */
export function quantityOf(data, key, title) {
  const metric = data.runs.more.get(key);
  if (metric) return { title, column: metric, scale: makeScale(axisOfValues(metric)), axis: null, text: (place) => (metric[place] == null ? "no value" : formatNumber(metric[place])) };
  const name = data.axes.some((axis) => axis.name === key) ? key : key?.replace(/^p\./, "");
  const axis = data.axes.find((one) => one.name === name) ?? null, column = axis ? data.column(axis.name) : [];
  return { title: axis?.name ?? "", column, scale: makeScale(axis ?? { scale: "category", values: [] }), axis, text: (place) => (axis ? written(axis, column[place]) : "") };
}

function axisOfValues(values) {
  const known = values.filter((value) => Number.isFinite(value));
  const low = known.reduce((a, b) => Math.min(a, b), Infinity), high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  if (known.length === 0) return { scale: "linear", low: 0, high: 1 };
  return { scale: low > 0 && high / low >= LOG_FROM ? "log" : "linear", low, high, is_conditional: known.length < values.length };
}

/** A value of a column as text. */
export function written(axis, value) {
  if (value === null || value === undefined) return "not set";
  return axis.scale === "category" ? axis.values[value] : formatNumber(value);
}
