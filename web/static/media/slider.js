// A slider over steps, with the number of the step beside it. At its end it stays at the end.

import { element, make } from "../lib/elements.js";
import { formatStep } from "../lib/format.js";
import { placeOfStep } from "./data.js";

export class StepSlider {
  #steps = [];
  #input;
  #output;
  #isAtEnd = true;

  /** @param {(step: number) => void} onStep */
  constructor(label, onStep) {
    this.#input = element("input", { type: "range", min: 0, step: 1, className: "media-range" });
    this.#input.setAttribute("aria-label", label);
    this.#output = make("span", "media-step num");
    this.element = make("div", "media-slider", this.#input, this.#output);
    this.#input.addEventListener("input", () => {
      this.#isAtEnd = this.#place === this.#steps.length - 1;
      this.#showStep();
      onStep(this.step);
    });
  }

  get #place() {
    return Number(this.#input.value);
  }

  get step() {
    return this.#steps[this.#place];
  }

  /** @returns {boolean} whether another step is shown than before */
  setSteps(steps) {
    const before = this.step;
    this.#steps = steps;
    this.#input.max = Math.max(0, steps.length - 1);
    this.#input.disabled = steps.length < 2;
    return this.#go(this.#isAtEnd ? steps.length - 1 : placeOfStep(steps, before), before);
  }

  /** To this step, or the last before it. */
  setStep(step) {
    const place = placeOfStep(this.#steps, step);
    this.#isAtEnd = place === this.#steps.length - 1 && step >= this.#steps[place];
    return this.#go(place, this.step);
  }

  /** Forward (or back) by a number of steps. */
  move(by) {
    const place = Math.min(Math.max(this.#place + by, 0), this.#steps.length - 1);
    return this.#steps[place];
  }

  #go(place, before) {
    this.#input.value = Math.max(0, place);
    this.#showStep();
    return this.step !== before;
  }

  #showStep() {
    const text = `step ${formatStep(this.step)}`;
    this.#output.textContent = text;
    this.#input.setAttribute("aria-valuetext", text);
  }
}
