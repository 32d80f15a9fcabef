// The frame of one chart: its title, what it notes, and what can be done with it.

import { button, cut, make } from "../lib/elements.js";

/**
 * @param {{onReset: () => void, onPin: () => void, onFull: () => void, onExport: (format: string) => void}} actions
 */
export function chartFrame(metric, actions) {
  const title = make("h3", "chart-title", ...titleParts(metric));
  title.title = metric;
  const note = make("span", "chart-note");
  const thinned = make("span", "chart-thinned num");
  const readout = make("span", "chart-readout num");
  readout.ariaHidden = "true";
  const reset = button("reset", "Reset", actions.onReset);
  reset.ariaLabel = reset.title = "Reset zoom";
  reset.hidden = true;
  const pin = iconButton("pin", `Pin ${metric} to the top`, actions.onPin);
  const full = iconButton("full", `Show ${metric} in full screen`, actions.onFull);
  const tools = make("span", "chart-actions", pin, full, exportMenu(metric, actions.onExport, thinned));
  const empty = make("p", "chart-empty");
  const plot = make("div", "chart-plot");
  const root = make("figure", "chart is-waiting", make("figcaption", "chart-head", title, note, readout, reset, tools), empty, plot);
  root.dataset.metric = metric;
  return { root, plot, empty, reset, note, thinned, readout, pin, full };
}

/** What stands before the last `/` in a fainter tone; where there is no room it gives way to what is behind. */
export function titleParts(metric) {
  const at = metric.lastIndexOf("/") + 1;
  const last = cut(metric.slice(at));
  return at ? [make("span", "chart-title-prefix", metric.slice(0, at)), last] : [last];
}

function exportMenu(metric, onExport, thinned) {
  const menu = make("details", "chart-menu");
  const summary = make("summary", "icon-button icon-more");
  summary.ariaLabel = summary.title = `Export ${metric}`;
  const items = [["png", "Download PNG"], ["svg", "Download SVG"], ["csv", "Series as CSV"], ["json", "Series as JSON"]];
  const list = make("div", "chart-menu-list", ...items.map(([format, text]) => {
    const item = button("menu-item", text, () => {
      menu.open = false;
      onExport(format);
    });
    item.dataset.format = format;
    return item;
  }));
  list.append(thinned); // how many points are drawn, for whoever asks
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
