// What a reader sets of charts, and where they are moved to, as the address gets it: see
// data/chart_settings.js. Pure.

import { readCharts } from "../data/chart_settings.js";

/** As it is in the address; null: nothing is set. */
export function writeChart(metric, { title, low, high, isLog, smoothing, width, isTall, left, right }) {
  const parts = [
    ...(title ? [["title", title]] : []),
    ...(low !== null || high !== null ? [["y", `${low ?? ""}..${high ?? ""}`]] : []),
    ...(isLog === null ? [] : [["log", isLog ? "1" : "0"]]),
    ...(smoothing === null ? [] : [["smoothing", smoothing]]),
    ...(width ? [["width", width]] : []),
    ...(isTall ? [["height", "tall"]] : []),
    ...left.map((name) => ["with", name]),
    ...right.map((name) => ["right", name]),
  ];
  return parts.length ? [encoded(metric), ...parts.map(([name, value]) => `${name}=${encoded(String(value))}`)].join(";") : null;
}

/** The texts of an address after the settings of one chart have changed. */
export function withChart(texts, metric, own) {
  const others = [...readCharts(texts)].filter(([name]) => name !== metric).map(([name, one]) => writeChart(name, one));
  return [...others, writeChart(metric, own)].filter((text) => text !== null);
}

/**
 * The order after one section has been given another: no more of it is named than is needed.
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
