// The frame of one chart: its title, its notes, and its buttons.

import { isDerived, titleOf } from "./data/derived.js";
import { button, cut, make } from "../lib/elements.js";

/**
 * @param {{onReset: () => void, onPin: () => void, onFull: () => void, onMenu: (list: HTMLElement) => void}} actions
 *   `onMenu` fills the menu when it is first opened
 */
export function chartFrame(metric, actions) {
  const title = make("h3", "chart-title");
  const note = make("span", "chart-note");
  const thinned = make("span", "chart-thinned num");
  const readout = make("span", "chart-readout num");
  readout.ariaHidden = "true";
  const reset = button("reset", "Reset", actions.onReset);
  reset.ariaLabel = reset.title = "Reset zoom";
  reset.hidden = true;
  const pin = iconButton("pin", `Pin ${titleOf(metric)} to the top`, actions.onPin);
  const full = iconButton("full", `Show ${titleOf(metric)} in full screen`, actions.onFull);
  const tools = make("span", "chart-actions", pin, full, chartMenu(metric, actions.onMenu, thinned));
  const empty = make("p", "chart-empty");
  const plot = make("div", "chart-plot");
  const root = make("figure", "chart is-waiting", make("figcaption", "chart-head", title, note, readout, reset, tools), empty, plot);
  root.dataset.metric = metric;
  return { root, plot, empty, reset, note, thinned, readout, pin, full };
}

/** The part before the last `/` in a fainter tone. If space is short, it is cut first. */
export function titleParts(metric) {
  if (isDerived(metric)) return [cut(titleOf(metric))];
  const at = metric.lastIndexOf("/") + 1;
  const last = cut(metric.slice(at));
  return at ? [make("span", "chart-title-prefix", metric.slice(0, at)), last] : [last];
}

/**
 * Show the title that a reader gave, or else the metrics: several with the look of their lines.
 *
 * @param {{metric: string, label: string, place: number, isRight: boolean}[]} parts
 */
export function showTitle(root, title, parts) {
  const element = root.querySelector(".chart-title"), key = JSON.stringify([title, parts]);
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.title = title || parts.map(({ metric, isRight }) => metric + (isRight ? " (right axis)" : "")).join(", ");
  if (parts.length > 1) element.replaceChildren(...(title ? [cut(title)] : []), ...parts.map(partOf));
  else element.replaceChildren(...(title ? [cut(title)] : titleParts(parts[0].metric)));
}

function partOf({ label, place, isRight }) {
  return make("span", "chart-part", make("span", `chart-line chart-line-${place}`), label, isRight ? make("span", "muted", " →") : "");
}

function chartMenu(metric, onMenu, thinned) {
  const menu = make("details", "chart-menu");
  const summary = make("summary", "icon-button icon-more");
  summary.ariaLabel = summary.title = `Menu of ${titleOf(metric)}`;
  const list = make("div", "chart-menu-list", thinned); // how many points are drawn
  summary.addEventListener("click", () => onMenu(list));
  menu.append(summary, list);
  return menu;
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(null));

function closeMenus(target) {
  for (const menu of document.querySelectorAll(".chart-menu[open]")) if (!menu.contains(target)) menu.open = false;
}

function iconButton(icon, label, onClick) {
  const element = button(`icon-button icon-${icon}`, "", onClick);
  element.ariaLabel = element.title = label;
  return element;
}
