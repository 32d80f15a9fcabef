// The menu of a chart: its settings, where it is, and what can be downloaded. Filled when it is opened first.

import { isDerived } from "../data/derived.js";
import { button } from "../../lib/elements.js";

const DOWNLOADS = [["png", "Download PNG"], ["svg", "Download SVG"], ["csv", "Series as CSV"], ["json", "Series as JSON"]];

/**
 * @param {HTMLElement} list
 * @param {{onSettings: () => void, onMove: (by: number) => void, onDerived: (isRemoval: boolean) => void, metric: string, onExport: (format: string) => void}} actions
 */
export function fillMenu(list, actions) {
  if (list.dataset.isFilled) return;
  list.dataset.isFilled = "true";
  const settings = item("Settings…", () => actions.onSettings());
  const moves = [item("Move back", () => actions.onMove(-1)), item("Move on", () => actions.onMove(1))];
  for (const one of moves) one.classList.add("menu-move");
  const derived = isDerived(actions.metric) ? [item("Change the expression…", () => actions.onDerived(false)), item("Remove", () => actions.onDerived(true))] : [];
  const downloads = DOWNLOADS.map(([format, text]) => Object.assign(item(text, () => actions.onExport(format)), { name: format }));
  list.prepend(settings, ...moves, ...derived, ...downloads);
}

/** A line of the menu, which closes it. */
function item(text, act) {
  return button("menu-item", text, (event) => {
    const menu = event.target.closest("details");
    menu.open = false;
    menu.querySelector("summary").focus();
    act();
  });
}
