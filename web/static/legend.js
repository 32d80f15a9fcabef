// The runs (or groups) of the charts by name and colour: pressing one hides it, or shows it alone.

import { params, setParams } from "./address.js";
import { button, make } from "./elements.js";
import { isShown } from "./view.js";

const MOST = 50;

/** @param {{id: string, name: string, color: number, title?: string}[]} entries */
export function showLegend(element, entries, view) {
  if (!element) return;
  element.hidden = entries.length < 2;
  const listed = entries.slice(0, MOST).map((entry) => itemOf(entry, view));
  const rest = entries.length - MOST;
  if (rest > 0) listed.push(make("li", "legend-more muted", `and ${rest} more: point at a curve to see whose it is`));
  if (view.hidden.size || view.solo.size) listed.push(make("li", "", button("legend-all", "Show all", () => setParams({ hide: null, solo: null }, { push: true }))));
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.replaceChildren(...listed);
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function itemOf({ id, name, color, title }, view) {
  const show = button("legend-show", "", () => toggleHidden(id));
  show.append(make("span", `dot run-color-${color}`), make("span", "legend-name", name));
  const isOn = isShown(view, id);
  Object.assign(show, { ariaPressed: String(isOn), title: `${isOn ? "Hide" : "Show"} ${name}${title ? ` (${title})` : ""}` });
  show.dataset.key = `show ${id}`;
  const solo = button("legend-solo", "", () => toggleSolo(id));
  Object.assign(solo, { ariaPressed: String(view.solo.has(id)), ariaLabel: `Show only ${name}`, title: `Show only ${name}` });
  solo.dataset.key = `solo ${id}`;
  const item = make("li", `legend-item${isOn ? "" : " is-off"}`, show, solo);
  item.dataset.run = id;
  return item;
}

function toggleHidden(id) {
  const solo = params().getAll("solo");
  if (solo.length) return setParams({ solo: toggled(solo, id) }, { push: true });
  setParams({ hide: toggled(params().getAll("hide"), id) }, { push: true });
}

function toggleSolo(id) {
  const solo = params().getAll("solo");
  setParams({ solo: solo.includes(id) ? null : id }, { push: true });
}

const toggled = (list, one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
