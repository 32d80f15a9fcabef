// The values of all curves at the pointer's x, the highest first, where they hide no chart: left
// of the chart, over the list of runs at the side, or where the window is narrow at its end that is farther away.

import { dotOf } from "./tooltip.js";
import { make } from "./elements.js";
import { formatNumber, formatStep } from "./format.js";

const MARGIN = 8;
const MOST = 10, MOST_NARROW = 5;

export class ValueList {
  #box = make("div", "value-list");
  #figure;

  constructor(figure) {
    this.#figure = figure;
    this.#box.hidden = true;
    this.#box.ariaHidden = "true"; // the same stands in the tables and on each run's page
    figure.append(this.#box);
  }

  /** How many values there is room for. */
  get most() {
    return sideColumn() ? MOST : MOST_NARROW;
  }

  hide() {
    this.#box.hidden = true;
  }

  destroy() {
    this.#box.remove();
  }

  /** @param {{shown: {curve: object, i: number, y: number}[], nAbove: number, nBelow: number}} list */
  show({ shown, nAbove, nBelow }, pointedId, head) {
    if (shown.length < 2) return this.hide();
    const more = (n, word) => (n ? [make("div", "value-list-more", `${n} more ${word}`)] : []);
    const pointed = shown.find(({ curve }) => curve.id === pointedId);
    const rows = shown.map(({ curve, i, y }) => {
      const row = make("div", `value-list-row${curve.id === pointedId ? " is-pointed" : ""}`);
      row.append(dotOf(curve), make("span", "value-list-name", curve.short ?? curve.name), ...elsewhere(curve, i, pointed), make("span", "num", formatNumber(y)));
      return row;
    });
    this.#box.replaceChildren(make("div", "value-list-head", head), ...more(nAbove, "above"), ...rows, ...more(nBelow, "below"));
    this.#box.hidden = false;
    this.#place();
  }

  #place() {
    const column = sideColumn(), chart = this.#figure.getBoundingClientRect();
    const { style } = this.#box;
    style.width = column ? `${column.width - 2 * MARGIN}px` : "";
    const highest = (document.querySelector(".topbar")?.offsetHeight ?? 0) + MARGIN;
    const lowest = innerHeight - this.#box.offsetHeight - MARGIN;
    const left = column ? this.#leftOf(chart, column) : (innerWidth - this.#box.offsetWidth) / 2;
    const beside = Math.max(highest, Math.min(chart.top, lowest));
    const top = column ? beside : chart.bottom <= lowest ? lowest : highest;
    style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** Left of the chart, where that is nearer than the column and over no other chart. */
  #leftOf(chart, column) {
    const inColumn = column.left + MARGIN, left = chart.left - column.width + MARGIN;
    if (left < column.right) return inColumn;
    const others = [...document.querySelectorAll(".chart")].filter((one) => one !== this.#figure);
    return others.every((one) => isApart(one.getBoundingClientRect(), left, chart.left, chart.top, chart.top + innerHeight)) ? left : inColumn;
  }
}

const isApart = (chart, left, right, top, bottom) => chart.right <= left || chart.left >= right || chart.bottom <= top || chart.top >= bottom;

/** The column of the list of runs or sweeps, where there is one beside the charts. */
function sideColumn() {
  const place = document.querySelector(".sidebar")?.getBoundingClientRect();
  return place && place.width < innerWidth / 2 ? place : null;
}

/** Of a run whose nearest drawn point is of another step: which, since its value is of that one. */
function elsewhere(curve, i, pointed) {
  const step = curve.step?.[i], here = pointed?.curve.step?.[pointed.i];
  return step === undefined || here === undefined || step === here ? [] : [make("span", "value-list-step num", `step ${formatStep(step)}`)];
}
