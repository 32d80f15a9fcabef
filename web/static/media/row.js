// A row of the page Compare: one name, a column for each run, and one slider. Images are also
// compared as their difference or blinking, histograms over one another.

import { cut, element, make } from "../lib/elements.js";
import { formatStep } from "../lib/format.js";
import { BODIES } from "./card.js";
import { allSteps, placeOfStep } from "./data.js";
import { HistogramOverlay } from "./overlay.js";
import { ImagePair } from "./pair.js";
import { StepSlider } from "./slider.js";

const BESIDE = ["beside", "Side by side"];
const MODES = { image: [BESIDE, ["difference", "Difference"], ["blink", "Blink"]], histogram: [["overlay", "Overlaid"], BESIDE] };

const seen = new IntersectionObserver(
  (entries) => entries.forEach((entry) => entry.target.mediaRow.setSeen(entry.isIntersecting)),
  { rootMargin: "200px" },
);

export class Row {
  #runs;
  #columns = [];
  #slider;
  #pair = null;
  #overlay = null;
  #mode = "beside";
  #name;
  #other = null;
  #grid = make("div", "media-columns");
  #trouble = make("p", "media-trouble muted");
  #isSeen = false;
  #isDue = true;

  constructor(runs, cards) {
    const { kind, name } = cards.find(Boolean);
    this.#runs = runs;
    this.#name = name;
    this.#slider = new StepSlider(`Step of ${name}`, () => this.#show());
    this.#columns = runs.flatMap((run, at) => (cards[at] ? [this.#column(run, cards[at])] : []));
    const absent = runs.filter((run, at) => !cards[at]).map((run) => run.name);
    const tools = MODES[kind] && this.#columns.length > 1 ? this.#tools(MODES[kind]) : [];
    const head = make("header", "media-head", make("h3", "media-name", cut(name)), ...tools);
    this.element = make("article", `media-card is-beside is-${kind}`, head, this.#slider.element, this.#grid, this.#trouble, make("p", "media-note muted", absent.length ? `Not logged by ${absent.join(", ")}.` : ""));
    this.element.setAttribute("aria-label", `${kind} ${name}`);
    this.element.mediaRow = this;
    this.#slider.setSteps(allSteps(cards.filter(Boolean)));
    this.#arrange();
    seen.observe(this.element);
  }

  /** Set the current cards. Returns false if a run has joined or left: this is another row. */
  update(cards) {
    const ids = this.#runs.flatMap((run, at) => (cards[at] ? [run.id] : []));
    if (ids.join("\n") !== this.#columns.map(({ run }) => run.id).join("\n")) return false;
    const present = cards.filter(Boolean);
    const isMore = present.some((card, at) => card.count !== this.#columns[at].card.count);
    present.forEach((card, at) => (this.#columns[at].card = card));
    if (this.#slider.setSteps(allSteps(present)) || isMore) this.#show();
    return true;
  }

  remove() {
    this.#pair?.stop();
    seen.unobserve(this.element);
  }

  setSeen(isSeen) {
    this.#isSeen = isSeen;
    if (isSeen && this.#isDue) this.#show();
  }

  #column(run, card) {
    const choose = (step) => {
      this.#slider.setStep(step);
      this.#show();
    };
    const step = make("span", "media-step num"), trouble = make("p", "media-trouble muted");
    const column = { run, card, step, trouble };
    const control = { choose, move: (by) => choose(this.#slider.move(by)), step: () => this.#slider.step, again: () => this.#showColumn(column) };
    const body = new BODIES[card.kind](run.id, card, control);
    const label = make("header", "media-of", make("span", `dot run-color-${run.color}`), make("span", "media-run", run.name), step);
    return Object.assign(column, { body, element: make("div", "media-column", label, body.element, trouble) });
  }

  #tools(modes) {
    this.#mode = modes[0][0];
    const choice = element("select", {}, ...modes.map(([value, label]) => element("option", { value, textContent: label })));
    choice.setAttribute("aria-label", `How ${this.#name} is compared`);
    const others = this.#columns.slice(1).map(({ run }) => element("option", { value: run.id, textContent: run.name }));
    const other = element("select", { hidden: true }, ...others);
    other.setAttribute("aria-label", `Which run ${this.#name} is compared with`);
    this.#other = other;
    choice.addEventListener("change", () => {
      this.#mode = choice.value;
      other.hidden = !this.#isOfTwo || others.length < 2;
      this.#arrange();
      this.#show();
    });
    other.addEventListener("change", () => this.#show());
    return [choice, other];
  }

  get #isOfTwo() {
    return this.#mode === "difference" || this.#mode === "blink";
  }

  #arrange() {
    this.#pair?.stop();
    this.#trouble.textContent = "";
    if (this.#isOfTwo) this.#pair ??= new ImagePair();
    if (this.#mode === "overlay") this.#overlay ??= new HistogramOverlay(this.#name);
    const whole = this.#isOfTwo ? this.#pair : this.#mode === "overlay" ? this.#overlay : null;
    this.#grid.classList.toggle("is-whole", whole !== null);
    this.#grid.replaceChildren(...(whole ? [whole.element] : this.#columns.map((column) => column.element)));
  }

  #show() {
    this.#isDue = !this.#isSeen;
    if (!this.#isSeen) return;
    if (this.#mode === "beside") return this.#columns.forEach((column) => this.#showColumn(column));
    this.#showWhole().then(() => (this.#trouble.textContent = ""), (error) => (this.#trouble.textContent = error.message));
  }

  #showWhole() {
    if (this.#mode === "overlay") return this.#overlay.show(this.#columns.map(({ run, card }) => ({ run, step: this.#stepOf(card), count: card.count })));
    const second = this.#columns.find(({ run }) => run.id === this.#other.value);
    return this.#pair.show(this.#mode, [this.#columns[0].run, second.run], this.#name, this.#slider.step);
  }

  /** The step of a run: the slider's, or its last one before it. */
  #stepOf = (card) => card.steps[placeOfStep(card.steps, this.#slider.step)];

  #showColumn({ card, body, step, trouble }) {
    const own = this.#stepOf(card);
    step.textContent = `step ${formatStep(own)}`;
    body.show(own, card.count).then(() => (trouble.textContent = ""), (error) => (trouble.textContent = error.message));
  }
}
