// One card: everything that a run logged under one kind and name, at the step of its slider. Only a
// visible card sends requests.

import { cut, make } from "../lib/elements.js";
import { counted } from "../lib/format.js";
import { HistogramBody } from "./histograms.js";
import { ImageBody } from "./images.js";
import { AudioBody, TextBody } from "./bodies.js";
import { StepSlider } from "./slider.js";
import { TableBody } from "./tables.js";

export const BODIES = { image: ImageBody, text: TextBody, audio: AudioBody, table: TableBody, histogram: HistogramBody };

const seen = new IntersectionObserver(
  (entries) => entries.forEach((entry) => entry.target.mediaCard.setSeen(entry.isIntersecting)),
  { rootMargin: "200px" },
);

export class Card {
  #body;
  #slider;
  #trouble = make("p", "media-trouble muted");
  #note = make("p", "media-note muted");
  #isSeen = false;
  #isDue = true;

  /** @param {(step: number) => void} onStep the user chose a step here */
  constructor(run, info, onStep) {
    this.info = info;
    const choose = (step) => {
      this.showStep(step);
      onStep(step);
    };
    this.#slider = new StepSlider(`Step of ${info.name}`, choose);
    this.#body = new BODIES[info.kind](run, info, { choose, move: (by) => choose(this.#slider.move(by)), step: () => this.#slider.step, again: () => this.#show() });
    this.#trouble.hidden = true;
    const head = make("header", "media-head", make("h3", "media-name", cut(info.name)), ...(this.#body.tools ?? []));
    this.element = make("article", `media-card is-${info.kind}`, head, this.#slider.element, this.#body.element, this.#trouble, this.#note);
    this.element.setAttribute("aria-label", `${info.kind} ${info.name}`);
    this.element.mediaCard = this;
    this.update(info);
    seen.observe(this.element);
  }

  /** Set the current content. A slider at its end moves to what is new. */
  update(info) {
    const isMore = info.count !== this.info.count || this.info === info;
    this.info = info;
    const isOther = this.#slider.setSteps(info.steps);
    this.#slider.element.hidden = info.steps.length < 2;
    this.#note.textContent = info.keep ? `The last ${counted(info.keep)} steps are kept.` : "";
    if (isOther || isMore) this.#show();
  }

  showStep(step) {
    this.#slider.setStep(step);
    this.#show();
  }

  setSeen(isSeen) {
    this.#isSeen = isSeen;
    if (isSeen && this.#isDue) this.#show();
  }

  remove() {
    seen.unobserve(this.element);
    this.element.remove();
  }

  #show() {
    this.#isDue = !this.#isSeen;
    if (!this.#isSeen) return;
    this.#body.show(this.#slider.step, this.info.count).then(() => this.#showNote(""), (error) => this.#showNote(error.message));
  }

  #showNote(trouble) {
    this.#trouble.textContent = trouble;
    this.#trouble.hidden = !trouble;
  }
}
