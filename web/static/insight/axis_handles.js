// The names of parallel axes as handles: dragged to another place, moved with the arrow keys, and
// pressed to turn the axis upside down. The result is an order of names. A reversed one begins with
// `-`.

import { button } from "../lib/elements.js";

const LEAST_PX = 6;

export class AxisHandles {
  #layer;
  #onChange;
  #axes = [];
  #size = [0, 0]; // the height of a handle, and how far axes are apart
  #focused = null; // the name of the axis that was moved last by a key

  /**
   * @param {HTMLElement} layer over the drawing, which is an image for assistive technology:
   *   nothing in it can be pressed
   * @param {(asked: string[]) => void} onChange
   */
  constructor(layer, onChange) {
    this.#layer = layer;
    this.#onChange = onChange;
  }

  remove() {
    this.#layer.replaceChildren();
  }

  /** @param {{name: string, x: number, isTurned: boolean}[]} axes  from the left */
  place(axes, height, room) {
    const before = [...this.#layer.children].indexOf(document.activeElement);
    this.#focused ??= this.#axes[before]?.name ?? null; // it is drawn again while it has the focus
    this.#size = [height, room];
    this.#show(axes);
  }

  #show(axes) {
    this.#axes = axes;
    this.#layer.replaceChildren(...axes.map((axis, n) => this.#handle(axis, n, ...this.#size)));
    this.#layer.children[axes.findIndex(({ name }) => name === this.#focused)]?.focus({ preventScroll: true });
    this.#focused = null;
  }

  #handle({ name, x, isTurned }, n, height, room) {
    const handle = button("axis-handle", "", () => {});
    const width = Math.max(24, Math.min(120, room - 8)), left = Math.max(0, x - width / 2);
    Object.assign(handle.style, { left: `${left}px`, width: `${width}px`, height: `${height}px` });
    handle.ariaLabel = `Axis ${name}${isTurned ? ", turned" : ""}: arrow keys move it, Enter turns it`;
    handle.title = `${name}: drag to move, press to turn`;
    handle.addEventListener("keydown", (event) => this.#key(event, n));
    handle.addEventListener("pointerdown", (event) => this.#begin(event, handle, n));
    return handle;
  }

  #key(event, n) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.#focused = this.#axes[n].name;
    if (by) this.#apply(moved(this.#axes, n, n + by));
    else this.#turn(n);
  }

  #begin(event, handle, n) {
    if (event.button !== 0) return;
    const start = event.clientX;
    let distance = 0;
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }) => {
      distance = clientX - start;
      handle.style.transform = `translateX(${distance}px)`;
      handle.classList.toggle("is-moving", Math.abs(distance) >= LEAST_PX);
    };
    const end = ({ type }) => {
      handle.removeEventListener("pointermove", move);
      handle.style.transform = "";
      handle.classList.remove("is-moving");
      if (type === "pointercancel") return;
      if (Math.abs(distance) < LEAST_PX) this.#turn(n);
      else this.#apply(moved(this.#axes, n, placeOfAxis(this.#axes, n, distance)));
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end, { once: true });
    handle.addEventListener("pointercancel", end, { once: true });
  }

  #turn(n) {
    this.#apply(this.#axes.map((axis, i) => (i === n ? { ...axis, isTurned: !axis.isTurned } : axis)));
  }

  /** Put the handles at their new places at once: the next key may come before the drawing. */
  #apply(axes) {
    this.#show(axes.map((axis, n) => ({ ...axis, x: this.#axes[n].x })));
    this.#onChange(axes.map(({ name, isTurned }) => (isTurned ? `-${name}` : name)));
  }
}

/** Pure: a list with one of its items at another place. */
export function moved(list, from, to) {
  const others = list.filter((_, i) => i !== from);
  return others.toSpliced(Math.max(0, Math.min(others.length, to)), 0, list[from]);
}

/** Pure: the place of an axis that was dragged this far: next to the nearest one. */
export function placeOfAxis(axes, n, distance) {
  const x = axes[n].x + distance, distances = axes.map((axis) => Math.abs(axis.x - x));
  return distances.indexOf(Math.min(...distances));
}
