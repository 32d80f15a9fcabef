// The page Compare: what several runs logged under one name, at the same step, side by side.

import { cut, element, make } from "../lib/elements.js";
import { counted, formatStep } from "../lib/format.js";
import { BODIES } from "./card.js";
import { allSteps, ask, placeOf } from "./data.js";
import { ImagePair } from "./pair.js";
import { StepSlider } from "./slider.js";

const MOST_ROWS = 60;
const MODES = [["beside", "Side by side"], ["difference", "Difference"], ["blink", "Blink"]];

const seen = new IntersectionObserver(
  (entries) => entries.forEach((entry) => entry.target.mediaRow.setSeen(entry.isIntersecting)),
  { rootMargin: "200px" },
);

export class MediaBeside {
  #runs;
  #content;

  /** @param {HTMLElement} section  `data-runs`: id, name and colour of each run */
  constructor(section) {
    this.#runs = JSON.parse(section.dataset.runs);
    this.#content = section.querySelector(".media-content");
  }

  async load() {
    const found = await Promise.all(this.#runs.map((run) => ask("", { run: run.id })));
    const names = new Map(); // "kind name" -> card of each run, or none
    found.forEach(({ cards }, at) => {
      for (const card of cards) {
        const key = `${card.kind} ${card.name}`;
        if (!names.has(key)) names.set(key, new Array(found.length).fill(null));
        names.get(key)[at] = card;
      }
    });
    const common = [...names.values()].sort((a, b) => missing(a) - missing(b)); // stable: by kind and name
    const rows = common.slice(0, MOST_ROWS).map((cards) => new Row(this.#runs, cards));
    const rest = common.length - rows.length;
    this.#content.replaceChildren(...rows.map((row) => row.element), ...(rest > 0 ? [make("p", "muted", `${counted(rest)} more names are not shown.`)] : []));
  }

  /** Nothing here is followed live. */
  note() {}
}

const missing = (cards) => cards.filter((card) => !card).length;

class Row {
  #columns = [];
  #slider;
  #pair = null;
  #mode = "beside";
  #name;
  #other = null;
  #grid = make("div", "media-columns");
  #isSeen = false;
  #isDue = true;

  constructor(runs, cards) {
    const { kind, name } = cards.find(Boolean);
    this.#name = name;
    this.#slider = new StepSlider(`Step of ${name}`, () => this.#show());
    this.#columns = runs.flatMap((run, at) => (cards[at] ? [this.#column(run, cards[at])] : []));
    const absent = runs.filter((run, at) => !cards[at]).map((run) => run.name);
    const head = make("header", "media-head", make("h3", "media-name", cut(name)), ...(kind === "image" && this.#columns.length > 1 ? this.#tools() : []));
    this.#grid.append(...this.#columns.map((column) => column.element));
    this.element = make("article", `media-card is-beside is-${kind}`, head, this.#slider.element, this.#grid, make("p", "media-note muted", absent.length ? `Not logged by ${absent.join(", ")}.` : ""));
    this.element.setAttribute("aria-label", `${kind} ${name}`);
    this.element.mediaRow = this;
    this.#slider.setSteps(allSteps(cards.filter(Boolean)));
    seen.observe(this.element);
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
    const body = new BODIES[card.kind](run.id, card, { choose, move: (by) => choose(this.#slider.move(by)), step: () => this.#slider.step });
    const step = make("span", "media-step num"), trouble = make("p", "media-trouble muted");
    const label = make("header", "media-of", make("span", `dot run-color-${run.color}`), make("span", "media-run", run.name), step);
    return { run, card, body, step, trouble, element: make("div", "media-column", label, body.element, trouble) };
  }

  #tools() {
    const choice = element("select", {}, ...MODES.map(([value, label]) => element("option", { value, textContent: label })));
    choice.setAttribute("aria-label", `How ${this.#name} is compared`);
    const others = this.#columns.slice(1).map(({ run }) => element("option", { value: run.id, textContent: run.name }));
    const other = element("select", { hidden: true }, ...others);
    other.setAttribute("aria-label", `Which run ${this.#name} is compared with`);
    this.#other = other;
    choice.addEventListener("change", () => {
      this.#mode = choice.value;
      other.hidden = this.#mode === "beside" || others.length < 2;
      this.#arrange();
    });
    other.addEventListener("change", () => this.#show());
    return [choice, other];
  }

  #arrange() {
    this.#pair?.stop();
    if (this.#mode !== "beside") this.#pair ??= new ImagePair();
    this.#grid.replaceChildren(...(this.#mode === "beside" ? this.#columns.map((column) => column.element) : [this.#pair.element]));
    this.#show();
  }

  #show() {
    this.#isDue = !this.#isSeen;
    if (!this.#isSeen) return;
    if (this.#mode === "beside") return this.#columns.forEach((column) => this.#showColumn(column));
    const second = this.#columns.find(({ run }) => run.id === this.#other.value);
    this.#pair.show(this.#mode, [this.#columns[0].run, second.run], this.#name, this.#slider.step).catch(() => {});
  }

  #showColumn({ card, body, step, trouble }) {
    const own = card.steps[placeOf(card.steps, this.#slider.step)];
    step.textContent = `step ${formatStep(own)}`;
    body.show(own).then(() => (trouble.textContent = ""), (error) => (trouble.textContent = error.message));
  }
}
