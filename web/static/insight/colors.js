// The colours of the style sheets for what ECharts draws.

const STATES = ["pending", "running", "finished", "early_stopped", "failed", "killed", "lost"];

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
    ramp: [0, 1, 2, 3].map((n) => read(`--ramp-${n}`)),
    fill: Object.fromEntries(STATES.map((state) => [state, read(`--fill-${state}`) || read(`--state-${state}`)])),
  };
}
