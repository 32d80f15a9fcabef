// The colours of theme.css for what is drawn on a canvas; read anew when the system's theme changes.

const N_RUN_COLORS = 12;
let colors = null;
const listeners = new Set();

export function theme() {
  colors ??= readColors();
  return colors;
}

/** Returns a function that ends it. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--muted"),
    strong: read("--text"),
    grid: read("--grid"),
    surface: read("--surface"),
    runs: Array.from({ length: N_RUN_COLORS }, (_, i) => read(`--run-${i}`)),
  };
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colors = null;
  for (const listener of listeners) listener();
});
