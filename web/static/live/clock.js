// Times that continue: durations of running runs, and the time since something began. While the
// connection is lost it is not known whether runs continue: then durations stop. All times are the
// server's, since the browser's clock may be wrong, and are written in the browser's time zone.

import { formatAgo, formatDay, formatDuration, formatMoment } from "../lib/format.js";

let aheadMs = 0; // of the server's clock
let servedAt = "";

export function startClock() {
  noteServerTime(whenAnswered());
  nameMoments();
  document.addEventListener("htmx:after:swap", () => {
    noteServerTime(Date.now());
    nameMoments();
  });
  setInterval(tick, 1000);
}

/** When the page itself was answered, by this clock; `null` if it came from the browser's cache. */
function whenAnswered() {
  const [navigation] = performance.getEntriesByType("navigation");
  if (!navigation || navigation.transferSize === 0) return null;
  return Date.now() - performance.now() + navigation.responseStart;
}

/** Each page contains the server's time: `answeredMs` is the time of this clock then. */
function noteServerTime(answeredMs) {
  const { now = "" } = document.querySelector("#page-data")?.dataset ?? {};
  if (answeredMs === null || now === "" || now === servedAt) return;
  servedAt = now;
  aheadMs = answeredMs - Number(now) * 1000;
}

/** The server wrote moments in its own time zone. */
function nameMoments() {
  for (const element of document.querySelectorAll("time[data-ago], time[data-age]")) {
    const seconds = Number(element.dataset.ago ?? element.dataset.age);
    element.title = formatMoment(seconds);
    if (/^\d{4}-\d\d-\d\d$/.test(element.textContent)) setText(element, formatDay(seconds));
  }
}

function tick() {
  if (document.hidden) return;
  const now = (Date.now() - aheadMs) / 1000;
  // as set by connection.js
  const isStale = document.documentElement.classList.contains("is-stale");
  for (const element of isStale ? [] : document.querySelectorAll("[data-since]")) {
    setText(element, formatDuration(now - Number(element.dataset.since)));
  }
  for (const element of document.querySelectorAll("[data-ago]")) {
    const text = formatAgo(now - Number(element.dataset.ago));
    if (text !== null) setText(element, text);
  }
  for (const element of document.querySelectorAll("[data-age]")) {
    const text = formatAgo(now - Number(element.dataset.age));
    if (text !== null) setText(element, text.replace(" ago", "").replace("just ", ""));
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
