// The colours of points by a third quantity, and their legend.

import { make } from "../lib/elements.js";
import { formatNumber } from "../lib/format.js";
import { mixed, runColor } from "../lib/theme.js";

/** Colours for the runs at these places. The key is a short form of that of colors/key.js. */
export function tinted({ column, scale, axis }, places, colors) {
  if (axis?.scale === "category") {
    const colorOf = (place) => (column[place] == null ? colors.muted : runColor(column[place]));
    return { colorOf, key: { entries: axis.values.map((name, n) => [name, n]) } };
  }
  const known = places.map((place) => column[place]).filter((value) => Number.isFinite(value));
  const colorOf = (place) => (column[place] == null ? colors.muted : mixed(colors.scale, Math.max(0, Math.min(1, scale.position(column[place])))));
  return { colorOf, key: { low: known.length ? scale.low : null, high: scale.high, isLog: scale.scale === "log" } };
}

/** The legend of the colours, below the drawing. */
export function showTint({ entries, low, high, isLog }, title) {
  const place = document.querySelector("#insight-tint");
  if (!place) return;
  const parts = entries ? entries.slice(0, 14).map(([name, n]) => make("span", "color-key-entry", make("span", `dot run-color-${n % 12}`), name)) : low === null ? [] : [make("span", "num", formatNumber(low)), make("span", "color-scale"), make("span", "num", formatNumber(high)), ...(isLog ? [make("span", "muted", "log")] : [])];
  place.className = "color-key";
  place.replaceChildren(make("span", "color-key-name", title), ...parts);
}
