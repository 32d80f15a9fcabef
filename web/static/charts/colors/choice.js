// The choice above the charts of what the curves are coloured by.

import { element } from "../../lib/elements.js";
import { titleOf } from "../data/derived.js";
import { choose } from "../data/view.js";

const MOST_METRICS = 200;
const OF_ANY_RUN = [["", "Run"], ["state", "State"], ["tag", "Tag"]];

/** Offer what the runs of a page have. Hidden if there is nothing to distinguish. */
export function offerColors(page, metrics, view) {
  const select = document.querySelector("#chart-color");
  if (!select) return;
  select.closest("label").hidden = page.view === "run" || page.runs.length < 2 || view.group !== null;
  if (!select.dataset.bound) {
    select.dataset.bound = "true";
    select.addEventListener("change", () => choose({ color: select.value || null }));
  }
  const groups = [
    ["Configuration", (page.color_by ?? []).map((name) => [`p.${name}`, name])],
    ["Metric", metrics.slice(0, MOST_METRICS).map((name) => [`m.${name}`, titleOf(name)])],
  ];
  const key = JSON.stringify([groups, view.color]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const isKnown = [...OF_ANY_RUN, ...groups.flatMap(([, options]) => options)].some(([value]) => value === (view.color ?? ""));
  const chosen = isKnown ? [] : [option([view.color, colorLabel(view.color)])];
  select.replaceChildren(...OF_ANY_RUN.map(option), ...chosen, ...groups.filter(([, options]) => options.length).map(groupOf));
  select.value = view.color ?? "";
}

const option = ([value, label]) => new Option(label, value);

function groupOf([label, options]) {
  return element("optgroup", { label }, ...options.map(option));
}

/** The label of a choice. */
export function colorLabel(by) {
  return { state: "State", tag: "Tag" }[by] ?? titleOf(by.replace(/^[pm]\./, ""));
}
