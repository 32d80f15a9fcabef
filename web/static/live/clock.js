// Times that go on: durations of what runs, and how long ago something began. Whether something
// still runs nobody knows while the connection is lost: then durations stand still.

import { formatAgo, formatDuration } from "../lib/format.js";

export function startClock() {
  setInterval(tick, 1000);
}

function tick() {
  if (document.hidden) return;
  const now = Date.now() / 1000;
  const isStale = document.documentElement.classList.contains("is-stale"); // as connection.js says
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
