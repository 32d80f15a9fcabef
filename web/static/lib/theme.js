// The colours of theme.css for drawings on a canvas. Read again when the theme changes.

const N_RUN_COLORS = 12, N_SCALE_COLORS = 4;
/** The steps of the continuous scale: colours "r0" to "r32". */
export const N_RAMP = 32;
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
    neutral: read("--neutral"),
    scale: Array.from({ length: N_SCALE_COLORS }, (_, i) => read(`--scale-${i}`)),
    read,
  };
}

/**
 * The colour of a curve on a canvas, by the name of its class after `run-color-`: a number of the
 * palette, a step of the scale ("r7"), "neutral", or a state.
 */
export function runColor(name, colors = theme()) {
  if (typeof name === "number") return colors.runs[name % colors.runs.length];
  if (name === "neutral") return colors.neutral;
  const step = /^r(\d+)$/.exec(name);
  return step ? mixed(colors.scale, Number(step[1]) / N_RAMP) : colors.read(`--fill-${name}`);
}

/** Pure: a place from 0 to 1 between colours as `#rrggbb`. */
export function mixed(stops, place) {
  const at = place * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
  const parts = (text) => [1, 3, 5].map((from) => Number.parseInt(text.slice(from, from + 2), 16));
  const from = parts(stops[low]), to = parts(stops[low + 1]);
  return `rgb(${from.map((one, i) => Math.round(one + (to[i] - one) * (at - low))).join(" ")})`;
}

/** The theme has changed: the system's, or the user's choice. */
export function themeChanged() {
  colors = null;
  for (const listener of listeners) listener();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
