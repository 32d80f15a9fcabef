// The tools above the charts, in sync with the address.

import { params, setParams } from "../lib/address.js";
import { element } from "../lib/elements.js";
import { xParameter } from "./data/chart_settings.js";
import { titleOf } from "./data/derived.js";
import { parseFilter } from "./sections.js";
import { BY_NAME, allBut, choose, isOffered, leftOut, logParameter, namePattern, remember, rememberedBand } from "./data/view.js";

const MOST_ON_X = 200;
const PAUSE_MS = 200;
const SHOW_AFTER_MS = 500; // the user is still typing

/**
 * Connect the tools of this page, if it has any. `preview(changes)` draws changes that are not in
 * the address yet.
 */
export function bindControls(page, view, preview) {
  const tools = document.querySelector("#chart-tools");
  if (!tools) return;
  if (!tools.dataset.bound) {
    tools.dataset.bound = "true";
    tools.open = !matchMedia("(max-width: 760px)").matches;
    connect(tools, preview);
  }
  const groups = page.groups ?? [];
  offerGroups(tools, groups, view);
  showControls(tools, { ...view, group: isOffered(groups, view.group) ? view.group : null });
}

function connect(tools, preview) {
  const find = (id) => tools.querySelector(id);
  const smoothing = find("#smoothing");
  smoothing.addEventListener("input", () => {
    find("#smoothing-value").value = Number(smoothing.value) || "off";
    preview({ smoothing: Number(smoothing.value) });
    writeLater({ smoothing: Number(smoothing.value) || null });
  });
  const unless = (value, usual) => (value === usual ? null : value);
  find("#chart-x").addEventListener("change", (event) => choose({ x: unless(event.target.value, "step"), zoom: null }));
  find("#chart-columns").addEventListener("change", (event) => choose({ cols: event.target.value || null }));
  find("#chart-outliers").addEventListener("change", (event) => choose({ outliers: unless(event.target.value, "0") }));
  find("#chart-band").addEventListener("change", (event) => choose({ band: unless(event.target.value, "std") }));
  find("#chart-over").addEventListener("change", (event) => choose({ over: unless(event.target.value, "all") }));
  find("#chart-group").addEventListener("change", (event) => event.target.value === BY_NAME ? askForName(tools) : byName(tools, false) ?? choose({ group: event.target.value || null, band: event.target.value ? rememberedBand() : null, hide: null, solo: null }));
  const part = find("#chart-name");
  part.addEventListener("change", () => part.checkValidity() && part.value && choose({ group: BY_NAME + part.value, hide: null, solo: null }));
  const logs = [find("#log-x"), find("#log-y")];
  for (const box of logs) box.addEventListener("change", () => choose({ log: logParameter(logs[0].checked, logs[1].checked) }));
  find("#derive-button").addEventListener("click", () => void import("./own/deriving.js").then(({ askDerived }) => askDerived()));
  const filter = find("#chart-filter");
  filter.addEventListener("input", () => {
    clearTimeout(errorTimer);
    const isRight = parseFilter(filter.value).reason === null;
    errorTimer = setTimeout(() => showFilterError(tools, filter.value), isRight ? 0 : SHOW_AFTER_MS);
    if (isRight) writeLater({ tags: filter.value || null });
  });
}

let timer = 0;
let errorTimer = 0;
let waiting = {};

function writeLater(changes) {
  Object.assign(waiting, changes);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const written = waiting;
    waiting = {};
    setParams(written);
    remember(params());
  }, PAUSE_MS);
}

/** Show an error for a filter that is no regular expression. The charts stay as they are. */
function showFilterError(tools, text) {
  const { reason } = parseFilter(text);
  const note = tools.querySelector("#chart-filter-note");
  tools.querySelector("#chart-filter").ariaInvalid = String(reason !== null);
  note.hidden = reason === null;
  note.textContent = reason === null ? "" : `Not a regular expression: ${reason}`;
}

/** Offer the metrics for the horizontal axis, besides step and time. */
export function offerX(names, view) {
  const select = document.querySelector("#chart-x");
  if (!select) return;
  const metrics = [...new Set([...(view.xMetric ? [view.xMetric] : []), ...names.slice(0, MOST_ON_X)])];
  const key = JSON.stringify(metrics);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  select.querySelector("optgroup")?.remove();
  if (metrics.length) select.append(element("optgroup", { label: "Metric" }, ...metrics.map((name) => new Option(titleOf(name), `m.${name}`))));
  select.value = xParameter(view);
}

function offerGroups(tools, groups, view) {
  const select = tools.querySelector("#chart-group"), names = leftOut(view.group);
  select.closest("label").hidden = groups.length === 0;
  offerLeftOut(tools, groups, names);
  const key = JSON.stringify([groups, names]);
  if (select.dataset.key === key) return;
  select.dataset.key = key;
  const [plain, but] = [false, true].map((isBut) => groups.filter(({ value }) => leftOut(value).length > 0 === isBut));
  const several = names.length > 1 ? [new Option(`All but ${names.join(", ")}`, view.group)] : [];
  const options = but.map(({ value, label }) => new Option(`All but ${label}`, value));
  select.replaceChildren(new Option("No groups", ""), ...plain.map(({ value, label }) => new Option(label, value)), ...(options.length ? [element("optgroup", { label: "All settings but" }, ...several, ...options)] : []));
}

/** Ask for the part of the name to group by. Nothing changes before it is given. */
function askForName(tools) {
  byName(tools, true);
  tools.querySelector("#chart-name").focus();
}

function byName(tools, isOn) {
  const part = tools.querySelector("#chart-name");
  part.hidden = !isOn;
  if (!isOn) part.blur();
}

/** Offer the settings to leave out of groups, each with a check box. */
function offerLeftOut(tools, groups, names) {
  const menu = tools.querySelector("#chart-but");
  menu.hidden = names.length === 0;
  if (names.length === 0) return;
  const offered = groups.flatMap(({ value }) => leftOut(value));
  const boxes = [...new Set([...names, ...offered])].map((name) => {
    const box = element("input", { type: "checkbox", value: name, checked: names.includes(name), disabled: names.length === 1 && names[0] === name });
    box.addEventListener("change", () => choose({ group: allBut([...menu.querySelectorAll("input:checked")].map((one) => one.value)), hide: null, solo: null }));
    return element("label", { className: "choice" }, box, name);
  });
  menu.querySelector("summary").textContent = `Left out: ${names.length === 1 ? names[0] : `${names.length} settings`}`;
  menu.querySelector(".but-names").replaceChildren(...boxes);
}

function showControls(tools, view) {
  const set = (id, value, name = "value") => {
    const element = tools.querySelector(id);
    if (element[name] !== value) element[name] = value;
  };
  const isWaiting = (name) => name in waiting;
  if (!isWaiting("smoothing")) {
    set("#smoothing", String(view.smoothing));
    set("#smoothing-value", String(view.smoothing || "off"));
  }
  offerX([...tools.querySelectorAll("#chart-x optgroup option")].map((option) => option.value.slice(2)), view);
  set("#chart-x", xParameter(view));
  set("#chart-columns", view.nColumns ?? "");
  set("#chart-outliers", String(view.outliers * 100));
  set("#chart-band", view.band);
  set("#chart-over", view.over);
  const pattern = namePattern(view.group), part = tools.querySelector("#chart-name");
  if (document.activeElement !== part) {
    set("#chart-group", pattern === null ? view.group ?? "" : BY_NAME);
    set("#chart-name", pattern === null, "hidden");
    if (pattern !== null) set("#chart-name", pattern);
  }
  set("#log-x", view.isLogX, "checked");
  set("#log-x", view.x === "wall", "disabled");
  set("#log-y", view.isLogY, "checked");
  const isOfGroups = view.group !== null && (view.band !== "std" || view.over !== "all");
  tools.querySelector("#axes-button")?.classList.toggle("is-changed", view.isLogX || view.isLogY || view.outliers > 0 || view.nColumns !== null || isOfGroups);
  for (const id of ["#chart-band", "#chart-over"]) tools.querySelector(id).closest("label").hidden = view.group === null;
  if (isWaiting("tags") || document.activeElement?.id === "chart-filter") return;
  set("#chart-filter", view.tags);
  showFilterError(tools, view.tags);
}
