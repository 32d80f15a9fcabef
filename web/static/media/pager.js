// Two buttons to what is before and after the part that is shown, and between them which part it is.

import { button, make } from "../lib/elements.js";
import { counted } from "../lib/format.js";

export class Pager {
  #back;
  #on;
  #what;
  #which = make("span", "muted num");

  /**
   * @param {string} before  the label of the button back. `after`: of the other one
   * @param {(by: -1 | 1) => void} go
   * @param {string} what  it counts, in front of the number
   */
  constructor(before, after, go, what = "") {
    this.#what = what;
    this.#back = Object.assign(button("action", "‹", () => go(-1)), { ariaLabel: before });
    this.#on = Object.assign(button("action", "›", () => go(1)), { ariaLabel: after });
    this.element = make("div", "media-pager", this.#back, this.#which, this.#on);
    this.element.hidden = true;
  }

  /** Show which of n are shown, from `first` on. There is no pager if all of them are. */
  show(first, nShown, n) {
    this.element.hidden = nShown >= n;
    this.set(`${this.#what} ${rangeOf(first, nShown)} of ${counted(n)}`.trim(), first === 0, first + nShown >= n);
  }

  /** Set the text. A button that leads nowhere hands its focus to the other one. */
  set(text, isFirst, isLast) {
    const focused = document.activeElement;
    this.#which.textContent = text;
    [this.#back.disabled, this.#on.disabled] = [isFirst, isLast];
    if (focused === this.#back && isFirst) this.#on.focus();
    if (focused === this.#on && isLast) this.#back.focus();
  }
}

/** Pure: "3" or "1–24". */
export function rangeOf(first, n) {
  return n === 1 ? counted(first + 1) : `${counted(first + 1)}–${counted(first + n)}`;
}
