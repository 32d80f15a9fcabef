// A reader's settings of charts, and their order, in the form of the address: see
// data/chart_settings.js. Pure.

import { PLAIN, readCharts } from "../data/chart_settings.js";
import { writeRange } from "../data/view.js";

/** The settings as in the address (null: none). */
export function writeChart(metric, { title, x, zoom, low, high, rightLow, rightHigh, isLog, smoothing, width, isTall, left, right }) {
  const parts = [
    ...(title ? [["title", title]] : []),
    ...(x ? [["x", x]] : []),
    ...(x && zoom ? [["zoom", writeRange(zoom)]] : []),
    ...endsOf("y", low, high),
    ...(right.length ? endsOf("r", rightLow, rightHigh) : []),
    ...(isLog === null ? [] : [["log", isLog ? "1" : "0"]]),
    ...(smoothing === null ? [] : [["smoothing", smoothing]]),
    ...(width ? [["width", width]] : []),
    ...(isTall ? [["height", "tall"]] : []),
    ...left.map((name) => ["with", name]),
    ...right.map((name) => ["right", name]),
  ];
  return parts.length ? [encoded(metric), ...parts.map(([name, value]) => `${name}=${encoded(String(value))}`)].join(";") : null;
}

const endsOf = (name, low, high) => (low !== null || high !== null ? [[name, `${low ?? ""}..${high ?? ""}`]] : []);

/**
 * The texts of an address in which a chart with its own horizontal axis shows a part of it (null:
 * all).
 */
export function withZoom(texts, metric, zoom) {
  return withChart(texts, metric, { ...(readCharts(texts).get(metric) ?? PLAIN), zoom });
}

/** The texts of an address after the settings of one chart have changed. */
export function withChart(texts, metric, own) {
  const others = [...readCharts(texts)].filter(([name]) => name !== metric).map(([name, one]) => writeChart(name, one));
  return [...others, writeChart(metric, own)].filter((text) => text !== null);
}

/**
 * The order after one section has been given another: naming no more of it than needed.
 *
 * @param {string[]} metrics  of the page, as they were declared
 * @param {string[]} now  those of the section as they are to be
 */
export function orderAfter(order, metrics, now) {
  const places = now.map((metric) => metrics.indexOf(metric));
  let n = now.length;
  while (n > 0 && (n === now.length || places[n - 1] < places[n])) n -= 1;
  return [...order.filter((metric) => !now.includes(metric)), ...now.slice(0, n)];
}

const encoded = (text) => text.replace(/[%;]/g, encodeURIComponent);
