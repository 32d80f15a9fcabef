// The drawings that explain a sweep: which of them the page shows, and when it is drawn anew.
// While the sweep goes on, what is new is asked for when the stream says that there is something.

import { InsightData } from "./insight_data.js";
import { InsightPanel } from "./insight_panel.js";

const PAUSE_MS = 1000;

let panel = null;
let data = null;
let timer = 0;
let refreshedAt = 0;

/** Draw what the page shows now; called after every swap. */
export function mountInsight({ assets }) {
  const figure = document.querySelector("#insight-figure");
  const element = figure?.querySelector(".insight-canvas") ?? null;
  if (!element) return leave();
  if (panel?.element === element && panel.kind === figure.dataset.view) return panel.update();
  leave();
  if (data?.sweep !== figure.dataset.sweep) data = new InsightData(figure.dataset.sweep);
  panel = new InsightPanel(figure, element, data, assets);
}

/** The sweep has changed: ask for what is new, soon. */
export function noteSweepChange() {
  if (timer || !panel?.isReady) return;
  timer = setTimeout(refresh, Math.max(50, refreshedAt + PAUSE_MS - performance.now()));
}

async function refresh() {
  timer = 0;
  try {
    await panel?.reload();
  } catch (error) {
    console.warn(`insight: ${error.message}`); // the next change tries again
  }
  refreshedAt = performance.now();
}

function leave() {
  clearTimeout(timer);
  timer = 0;
  panel?.destroy();
  panel = null;
}

document.addEventListener("run:point", ({ detail }) => panel?.highlight(detail));
