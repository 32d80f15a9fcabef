// The pointer in one chart: the mark on the nearest curve, its label, and the values of all of them.

import { listAt } from "../drawing/pointer.js";
import { Tooltip } from "./tooltip.js";
import { ValueList } from "./value_list.js";

export class ChartPointing {
  #tooltip;
  #list;
  #mark = document.createElement("div");
  #line;
  #onLeave;
  isInside = false;
  /** In full screen: the column that shows the values in place of the list. */
  legend = null;

  /** @param {HTMLElement} over  the plotting area, in the pixels of which places are given */
  constructor(over, figure, onLeave) {
    this.#tooltip = new Tooltip(over);
    this.#list = new ValueList(figure);
    this.#mark.hidden = true;
    this.#line = over.querySelector(".u-cursor-x");
    this.#onLeave = onLeave;
    over.append(this.#mark);
    over.addEventListener("mouseenter", () => (this.isInside = true));
    over.addEventListener("mouseleave", () => this.leave());
  }

  destroy() {
    this.leave();
    this.#list.destroy();
  }

  /** Show a point of one of `curves`, the pointer being at `x`. */
  show(point, curves, x, xText) {
    this.mark(point);
    this.#tooltip.show(point, xText);
    const { id, raw } = point.curve, head = raw ? `${xText}, smoothed` : xText;
    if (this.legend) return this.legend.point(curves, x, id, head);
    this.#list.show(listAt(curves, x, id, this.#list.most), id, head);
  }

  /** Only the mark, as in all other charts (null: none). */
  mark(point) {
    this.#mark.hidden = !point;
    if (!point) return;
    this.#mark.className = `point-mark run-color-${point.curve.own ?? point.curve.color}`;
    this.#mark.style.transform = `translate(${point.left}px, ${point.top}px)`;
    // at the value that is read out, not at the pointer
    if (this.#line) this.#line.style.transform = `translate(${point.left - 0.5}px, 0)`;
  }

  hide() {
    this.#tooltip.hide();
    this.#list.hide();
    this.legend?.leave();
    this.#mark.hidden = true;
  }

  leave() {
    if (!this.isInside) return;
    this.isInside = false;
    this.hide();
    this.#onLeave();
  }
}
