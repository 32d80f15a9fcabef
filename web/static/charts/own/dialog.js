// The settings of one chart, beside it: each change is drawn at once, and is in the address.

import { params, setParams } from "../../lib/address.js";
import { button, element, make } from "../../lib/elements.js";
import { formatNumber } from "../../lib/format.js";
import { titleOf } from "../data/derived.js";
import { remember } from "../data/view.js";
import { MOST_TOGETHER, PLAIN, readCharts } from "../data/chart_settings.js";
import { withChart } from "./writing.js";

const PAUSE_MS = 250;
const MOST_ON_X = 200;
const X_MODES = [["step", "Step"], ["relative", "Relative time"], ["wall", "Wall time"]];

/** @param {(metric: string) => Promise<[number, number] | null>} rangeOf  what the axis of a metric's own chart shows */
export function showSettings(chart, known, rangeOf) {
  const form = new SettingsForm(chart, known, rangeOf);
  const dialog = make("dialog", "chart-settings", form.element);
  const { left, width } = chart.element.getBoundingClientRect();
  dialog.classList.toggle("is-left", left + width / 2 > innerWidth / 2);
  dialog.setAttribute("aria-labelledby", "chart-settings-title");
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    form.flush();
    dialog.remove();
    chart.element.querySelector(".chart-menu summary")?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

class SettingsForm {
  element;
  #chart;
  #known;
  #rangeOf;
  #own;
  #timer = 0;
  #hasChanged = false;
  #together = make("div", "chart-settings-together");

  constructor(chart, known, rangeOf) {
    this.#chart = chart;
    this.#known = known;
    this.#rangeOf = rangeOf;
    this.#own = readCharts(params().getAll("chart")).get(chart.metric) ?? PLAIN;
    const done = button("action is-sure", "Done", (event) => event.target.closest("dialog").close());
    const reset = button("action", "Reset", () => this.#reset());
    this.element = element("form", { method: "dialog" },
      element("h2", { id: "chart-settings-title" }, `Settings of ${titleOf(chart.metric)}`),
      make("div", "chart-settings-fields", ...this.#fields()), this.#together,
      make("div", "ask-buttons", reset, done));
    this.#showTogether();
  }

  #fields() {
    const { title, x, low, high, isLog, smoothing, width, isTall } = this.#own;
    const [from, to] = this.#chart.ranges.left.map(formatNumber);
    return [
      field("Title", this.#text({ value: title, placeholder: titleOf(this.#chart.metric), maxLength: 200 }, (value) => ({ title: value.trim() }))),
      field("Horizontal axis", this.#choice([["", "As the page"], ...X_MODES, ...this.#known.filter((name) => name !== this.#chart.metric).slice(0, MOST_ON_X).map((name) => [`m.${name}`, titleOf(name)])], x, (value) => ({ x: value, zoom: null }))),
      make("div", "chart-settings-pair",
        field("Axis from", this.#number({ value: low ?? "", placeholder: from, step: "any" }, (value) => ({ low: value }))),
        field("to", this.#number({ value: high ?? "", placeholder: to, step: "any" }, (value) => ({ high: value })))),
      field("Scale", this.#choice([["", "As the page"], ["0", "Linear"], ["1", "Logarithmic"]], isLog === null ? "" : isLog ? "1" : "0", (value) => ({ isLog: value === "" ? null : value === "1" }))),
      field("Smoothing", this.#number({ value: smoothing ?? "", placeholder: "as the page", min: 0, max: 0.999, step: 0.01 }, (value) => ({ smoothing: value }))),
      make("div", "chart-settings-pair",
        field("Width", this.#choice([["", "One column"], ["2", "Two columns"], ["full", "Whole row"]], width, (value) => ({ width: value }))),
        field("Height", this.#choice([["", "Usual"], ["tall", "Tall"]], isTall ? "tall" : "", (value) => ({ isTall: value === "tall" })))),
    ];
  }

  #text(properties, read) {
    const input = element("input", { type: "text", autocomplete: "off", ...properties });
    input.addEventListener("input", () => this.#changeLater(read(input.value)));
    return input;
  }

  #number(properties, read) {
    const input = element("input", { type: "number", autocomplete: "off", ...properties });
    input.addEventListener("input", () => input.validity.valid && this.#changeLater(read(input.value === "" ? null : input.valueAsNumber)));
    return input;
  }

  #choice(options, value, read) {
    const select = element("select", {}, ...options.map(([one, text]) => new Option(text, one)));
    select.value = value;
    select.addEventListener("change", () => this.#change(read(select.value)));
    return select;
  }

  // ---- Several metrics ----

  #showTogether() {
    const { left, right } = this.#own, own = this.#chart.metric;
    const present = [[own, null], ...left.map((name) => [name, "left"]), ...right.map((name) => [name, "right"])];
    const items = present.map(([name, side]) => make("li", "", make("span", "chart-settings-metric", titleOf(name)), ...(side ? [this.#sideOf(name, side), this.#removal(name)] : [])));
    const others = this.#known.filter((name) => !present.some(([one]) => one === name));
    const isFull = present.length >= MOST_TOGETHER;
    const more = element("select", { ariaLabel: "Combine with", disabled: isFull }, new Option(isFull ? `${MOST_TOGETHER} metrics at most` : "Combine with…", ""), ...others.map((name) => new Option(titleOf(name), name)));
    more.addEventListener("change", () => more.value && void this.#combine(more.value));
    this.#together.replaceChildren(make("h3", "", "Metrics in this chart"), make("ul", "", ...items), ...(others.length ? [more] : []), ...(right.length ? [this.#rightEnds()] : []));
  }

  #rightEnds() {
    const { rightLow, rightHigh } = this.#own, [from, to] = this.#chart.ranges.right.map(formatNumber);
    return make("div", "chart-settings-pair",
      field("Right axis from", this.#number({ value: rightLow ?? "", placeholder: from, step: "any" }, (value) => ({ rightLow: value }))),
      field("to", this.#number({ value: rightHigh ?? "", placeholder: to, step: "any" }, (value) => ({ rightHigh: value }))));
  }

  #sideOf(name, side) {
    const select = element("select", { ariaLabel: `Axis of ${titleOf(name)}` }, new Option("Left axis", "left"), new Option("Right axis", "right"));
    select.value = side;
    select.addEventListener("change", () => this.#place(name, select.value));
    return select;
  }

  #removal(name) {
    const remove = button("view-tool", "×", () => this.#place(name, null));
    remove.ariaLabel = remove.title = `Take ${titleOf(name)} out of this chart`;
    return remove;
  }

  async #combine(name) {
    const range = await this.#rangeOf(name).catch(() => null);
    this.#place(name, sideFor(this.#chart.ranges.left, range));
    this.#together.querySelector(":scope > select")?.focus();
  }

  #place(name, side) {
    const without = (names) => names.filter((one) => one !== name);
    const sides = { left: without(this.#own.left), right: without(this.#own.right) };
    if (side) sides[side].push(name);
    this.#change(sides);
    this.#showTogether();
  }

  // ---- What was changed ----

  #changeLater(changes) {
    Object.assign((this.#own = { ...this.#own }), changes);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE_MS);
  }

  #change(changes) {
    this.#own = { ...this.#own, ...changes };
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#write();
  }

  /** Save what was typed last when the dialog closes. */
  flush() {
    if (this.#timer) this.#change({});
  }

  #write() {
    const { low, high, rightLow, rightHigh } = this.#own, isEmpty = (from, to) => from !== null && to !== null && from >= to;
    if (isEmpty(low, high) || isEmpty(rightLow, rightHigh)) return; // until both ends are there
    setParams({ chart: withChart(params().getAll("chart"), this.#chart.metric, this.#own) }, { push: !this.#hasChanged });
    this.#hasChanged = true;
    remember(params());
  }

  #reset() {
    this.#change(PLAIN);
    this.element.querySelector(".chart-settings-fields").replaceChildren(...this.#fields());
    this.#showTogether();
  }
}

const field = (label, input) => element("label", { className: "chart-settings-field" }, label, input);

const LEAST_SHARE = 0.1;

/**
 * Pure: the axis for a metric: the right one if on the left one it or the other would take less
 * than a tenth of the height.
 */
export function sideFor(range, other) {
  if (!other) return "left";
  const all = Math.max(range[1], other[1]) - Math.min(range[0], other[0]);
  const least = Math.min(range[1] - range[0], other[1] - other[0]);
  return all > 0 && least / all < LEAST_SHARE ? "right" : "left";
}
