// The values of all curves at the pointer's x, the highest first: beside the chart if nothing is
// there; else at the lower end of the column at the side. Without one below its plot. It hides no
// chart.

import { alignElements } from "../../lib/decimals.js";
import { make, named } from "../../lib/elements.js";
import { formatNumber, formatStep } from "../../lib/format.js";
import { dotOf, pointedDotOf } from "./tooltip.js";

const MARGIN = 8, GAP = 12; // to the edge of the page's own part, and as between charts
const LEAST_WIDTH = 220, MOST_WIDTH = 340, FULL_HEIGHT = 260;
const MOST = 10, MOST_BELOW = 5;
const LINE_PX = 18, PADDING_PX = 12;
const LINGER_MS = 150; // what is below a chart is removed then: the next chart may come

let open = null; // the list that takes room below its chart

export class ValueList {
  #box = make("div", "value-list");
  #figure;
  #plot;
  #beside = undefined; // {left, width}; null: below; undefined: not computed since the pointer came
  #timer = 0;

  constructor(figure) {
    this.#figure = figure;
    this.#plot = figure.querySelector(".chart-plot");
    this.#box.hidden = true;
    this.#box.ariaHidden = "true"; // the same is in the tables and on each run's page
    figure.append(this.#box);
  }

  /** How many values there is room for. */
  get most() {
    if (this.#beside === undefined) this.#beside = findPlace(this.#figure);
    return this.#beside ? MOST : MOST_BELOW;
  }

  hide() {
    if (open !== this) return this.#close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#close(), LINGER_MS);
  }

  destroy() {
    this.#close();
    this.#box.remove();
  }

  #close() {
    clearTimeout(this.#timer);
    this.#box.hidden = true;
    this.#box.removeAttribute("style");
    this.#beside = undefined;
    if (open !== this) return;
    open = null;
    this.#plot.style.minHeight = "";
  }

  /** @param {{shown: {curve: object, i: number, y: number}[], nAbove: number, nBelow: number}} list  of `most` */
  show({ shown, nAbove, nBelow }, pointedId, head) {
    if (shown.length < 2) return this.hide();
    clearTimeout(this.#timer);
    const more = (n, word) => (n ? [make("div", "value-list-more", `${n} more ${word}`)] : []);
    const pointed = shown.find(({ curve }) => curve.id === pointedId);
    const rows = shown.map(({ curve, i, y }) => {
      const row = make("div", `value-list-row${curve.id === pointedId ? " is-pointed" : ""}`);
      row.append(curve.id === pointedId ? pointedDotOf(curve) : dotOf(curve), named("value-list-name", curve.short ?? curve.name), ...elsewhere(curve, i, pointed), make("span", "num", formatNumber(y)));
      return row;
    });
    alignElements(rows.map((row) => row.lastChild));
    this.#box.replaceChildren(make("div", "value-list-head", head), ...more(nAbove, "above"), ...rows, ...more(nBelow, "below"));
    this.#box.classList.toggle("is-below", !this.#beside);
    if (this.#beside) this.#placeBeside();
    else this.#placeBelow(shown.length + (nAbove + nBelow > 0 ? 2 : 0));
  }

  #placeBeside() {
    this.#box.hidden = false;
    const { style } = this.#box, { left, width, isAtEnd } = this.#beside, chart = this.#figure.getBoundingClientRect();
    // it grows while the pointer moves, and never shrinks
    style.minWidth = `${Math.min(this.#box.offsetWidth, width)}px`;
    style.maxWidth = `${width}px`;
    const highest = (document.querySelector(".topbar")?.offsetHeight ?? 0) + MARGIN;
    const lowest = innerHeight - this.#box.offsetHeight - MARGIN;
    const top = Math.max(highest, isAtEnd ? lowest : Math.min(chart.top, lowest));
    const start = left < chart.left && !isAtEnd ? left + width - this.#box.offsetWidth : left;
    style.transform = `translate(${Math.round(start)}px, ${Math.round(top)}px)`;
  }

  /** It takes the same room for all x, and neither the plot nor the chart on the screen moves. */
  #placeBelow(nLines) {
    const { style } = this.#box, least = PADDING_PX + LINE_PX * (1 + nLines), isFirst = open !== this;
    if (isFirst) this.#plot.style.minHeight = `${this.#plot.offsetHeight}px`;
    style.minHeight = `${Math.max(least, parseFloat(style.minHeight) || 0)}px`;
    this.#box.hidden = false;
    if (isFirst) keepInPlace(this.#figure, () => open?.#close()); // after its own: the page may end here
    open = this;
  }
}

function findPlace(figure) {
  const room = figure.closest(".content")?.getBoundingClientRect() ?? document.body.getBoundingClientRect();
  const others = [...document.querySelectorAll(".chart")].filter((one) => one !== figure);
  return besideOf(figure.getBoundingClientRect(), room, others.map((one) => one.getBoundingClientRect())) ?? atSide();
}

/** In the column at the side, whose end is empty unless it lists very many. */
function atSide() {
  const side = document.querySelector(".sidebar")?.getBoundingClientRect();
  if (!side || side.width - 2 * MARGIN < LEAST_WIDTH || side.width > innerWidth / 2) return null;
  return { left: side.left + MARGIN, width: Math.min(MOST_WIDTH, side.width - 2 * MARGIN), isAtEnd: true };
}

/**
 * Pure: right of a chart or left of it, where no other chart is, as wide as the chart.
 *
 * @param {{left: number, right: number, top: number, bottom: number}} chart  and all others alike, as
 *   `room`, within which the list stays
 * @returns {{left: number, width: number} | null}  null: there is no room
 */
export function besideOf(chart, room, others) {
  const widest = Math.min(MOST_WIDTH, chart.right - chart.left);
  const right = Math.min(widest, room.right - MARGIN - chart.right - GAP), left = Math.min(widest, chart.left - GAP - room.left - MARGIN);
  const places = [{ left: chart.right + GAP, width: right }, { left: chart.left - GAP - left, width: left }].filter(({ width }) => width >= LEAST_WIDTH);
  const isFree = (place) => !others.some((other) => isOver(place, chart.top, other));
  return places.find(isFree) ?? null;
}

const isOver = ({ left, width }, top, other) => other.left < left + width && other.right > left && other.top < top + FULL_HEIGHT && other.bottom > top;

/** Changes above an element scroll the page, so that the element stays under the pointer. */
function keepInPlace(element, change) {
  const before = element.getBoundingClientRect().top;
  change();
  const moved = element.getBoundingClientRect().top - before;
  if (moved) scrollBy({ top: moved, behavior: "instant" });
}

/**
 * If a run's nearest drawn point is of another step: which one, since its value is of that step.
 */
function elsewhere(curve, i, pointed) {
  const step = curve.step?.[i], here = pointed?.curve.step?.[pointed.i];
  return step === undefined || here === undefined || step === here ? [] : [make("span", "value-list-step num", `step ${formatStep(step)}`)];
}
