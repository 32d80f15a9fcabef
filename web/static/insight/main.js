// The drawings that explain a sweep: which of them the page shows, and when they are drawn again.
// While the sweep continues, news are fetched when the stream announces them, and only so often
// that drawing takes a tenth of the time.

import { InsightData } from "./data.js";
import { InsightPanel } from "./panel.js";

const PAUSE_MS = 1000;
const REST = 9; // times as long as the last drawing took

let panel = null;
let data = null;
let timer = 0;
let refreshedAt = 0;
let tookMs = 0;

/** Draw what the page shows now. Called after every swap. */
export function mountInsight({ assets }) {
  showTab();
  const figure = document.querySelector("#insight-figure");
  const element = figure?.querySelector(".insight-canvas") ?? null;
  if (!element) return leave();
  if (panel?.element === element && panel.kind === figure.dataset.view) return panel.update();
  leave();
  if (data?.sweep !== figure.dataset.sweep) data = new InsightData(figure.dataset.sweep);
  panel = new InsightPanel(figure, element, data, assets);
}

/** On a narrow screen the tabs scroll: bring the current one into view. */
function showTab() {
  const tabs = document.querySelector(".insight-tabs");
  const tab = tabs?.querySelector("[aria-current]");
  if (!tab || tabs.dataset.shown === tab.textContent) return;
  tabs.dataset.shown = tab.textContent;
  tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
}

/** The sweep has changed: fetch what is new, soon. */
export function noteSweepChange() {
  if (timer || !panel?.isReady) return;
  timer = setTimeout(refresh, Math.max(50, refreshedAt + Math.max(PAUSE_MS, REST * tookMs) - performance.now()));
}

async function refresh() {
  timer = 0;
  const from = performance.now();
  try {
    await panel?.reload();
  } catch (error) {
    console.warn(`insight: ${error.message}`); // the next change tries again
  }
  refreshedAt = performance.now();
  tookMs = refreshedAt - from;
}

function leave() {
  clearTimeout(timer);
  timer = 0;
  panel?.destroy();
  panel = null;
}

document.addEventListener("run:point", ({ detail }) => panel?.highlight(detail));
