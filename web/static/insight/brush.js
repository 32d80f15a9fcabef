// Brushes on the axes of parallel coordinates: drag along an axis to make one, drag it to move it,
// drag its ends to change them, click the axis to remove it. With mouse, pen or finger.

import { gapOf } from "./scale.js";

const EDGE_PX = 7;
const CLICK_PX = 4;

export class Brushes {
  #layer = document.createElement("div");
  #axes = new Map(); // id -> {strip, least, intervals}
  #onChange;
  #top = 0;
  #height = 1;
  isDragging = false;

  /** @param {(id: string, intervals: [number, number][], isOver: boolean) => void} onChange */
  constructor(parent, onChange) {
    this.#layer.className = "brush-layer";
    this.#onChange = onChange;
    parent.append(this.#layer);
  }

  remove() {
    this.#layer.remove();
  }

  /** `axes`: {id, x, least, intervals, isTurned} each. Intervals from `least` (below 0: not set) to 1. */
  place(axes, top, height) {
    this.#top = top;
    this.#height = height;
    this.#axes.clear();
    this.#layer.replaceChildren();
    for (const { id, x, least, intervals, isTurned } of axes) {
      const strip = document.createElement("div");
      strip.className = "brush-axis";
      Object.assign(strip.style, { left: `${x}px`, top: `${top - 8}px`, height: `${height + 16}px` });
      strip.addEventListener("pointerdown", (event) => this.#begin(id, event));
      this.#layer.append(strip);
      this.#axes.set(id, { strip, least, intervals, isTurned });
      this.#show(id);
    }
  }

  #show(id) {
    const { strip, least, intervals, isTurned } = this.#axes.get(id);
    strip.replaceChildren(...this.#gap(least, isTurned), ...intervals.map(([low, high]) => {
      const brush = document.createElement("div");
      brush.className = "brush";
      const [top, bottom] = [this.#pixels(high, least, isTurned), this.#pixels(low, least, isTurned)].sort((a, b) => a - b).map((one) => 8 + one);
      Object.assign(brush.style, { top: `${top}px`, height: `${Math.max(2, bottom - top)}px` });
      return brush;
    }));
  }

  /** Where the axis is interrupted: "not set" is not a number below the others. */
  #gap(least, isTurned) {
    if (least >= 0) return [];
    const gap = document.createElement("div"), [low, high] = gapOf(least);
    gap.className = "axis-gap";
    const [top, bottom] = [this.#pixels(high, least, isTurned), this.#pixels(low, least, isTurned)].sort((a, b) => a - b);
    Object.assign(gap.style, { top: `${8 + top}px`, height: `${bottom - top}px` });
    return [gap];
  }

  #pixels(at, least, isTurned) {
    const part = (at - least) / (1 - least);
    return (isTurned ? part : 1 - part) * this.#height;
  }

  #begin(id, event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const axis = this.#axes.get(id);
    const { strip, least, isTurned } = axis;
    const origin = strip.getBoundingClientRect().top + 8;
    const partAt = (y) => (isTurned ? 1 - (y - origin) / this.#height : (y - origin) / this.#height);
    const valueAt = (y) => clamp(1 - partAt(y) * (1 - least), least, 1);
    const start = valueAt(event.clientY), before = axis.intervals;
    const change = gesture(before, start, (EDGE_PX / this.#height) * (1 - least), least);
    let hasMoved = false;
    this.isDragging = true;
    strip.setPointerCapture(event.pointerId);
    const move = ({ clientY }) => {
      hasMoved ||= Math.abs(clientY - event.clientY) > CLICK_PX;
      if (!hasMoved || !this.#axes.has(id)) return;
      axis.intervals = change(valueAt(clientY));
      this.#show(id);
      this.#onChange(id, axis.intervals, false);
    };
    const end = ({ type }) => {
      strip.removeEventListener("pointermove", move);
      this.isDragging = false;
      if (type === "pointercancel") axis.intervals = before;
      else if (!hasMoved) axis.intervals = [];
      this.#show(id);
      this.#onChange(id, axis.intervals, true);
    };
    strip.addEventListener("pointermove", move);
    strip.addEventListener("pointerup", end, { once: true });
    strip.addEventListener("pointercancel", end, { once: true });
  }
}

/**
 * The effect of a drag that begins at `start`: a function from its current place to the intervals.
 */
export function gesture(intervals, start, edge, least) {
  const n = intervals.findIndex(([low, high]) => start >= low - edge && start <= high + edge);
  if (n < 0) return (now) => [[Math.min(start, now), Math.max(start, now)]];
  const [low, high] = intervals[n];
  const replaced = (one) => intervals.with(n, one);
  if (Math.abs(start - high) <= edge) return (now) => replaced([Math.min(low, now), Math.max(low, now)]);
  if (Math.abs(start - low) <= edge) return (now) => replaced([Math.min(high, now), Math.max(high, now)]);
  return (now) => {
    const by = clamp(now - start, least - low, 1 - high);
    return replaced([low + by, high + by]);
  };
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
