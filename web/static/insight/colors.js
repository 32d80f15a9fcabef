// The colours of the style sheets for ECharts.

import { states } from "../lib/states.js";

export function readInsightColors() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--text"),
    muted: read("--muted"),
    grid: read("--grid"),
    border: read("--border-strong"),
    surface: read("--surface"),
    accent: read("--accent"),
    font: read("--font"),
    scale: [0, 1, 2, 3].map((n) => read(`--scale-${n}`)),
    ramp: [0, 1, 2, 3].map((n) => read(`--ramp-${n}`)),
    fill: Object.fromEntries(Object.keys(states()).map((state) => [state, read(`--fill-${state}`)])),
  };
}
