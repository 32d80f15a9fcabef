// Everything that a run logged besides metrics: a card for each name, with one slider for all or
// one each.

import { button, element, make } from "../lib/elements.js";
import { counted, formatBytes } from "../lib/format.js";
import { keep, recall } from "../lib/storage.js";
import { Card } from "./card.js";
import { Latest, allSteps } from "./data.js";
import { StepSlider } from "./slider.js";

const KINDS = { image: "Images", text: "Text", histogram: "Histograms", table: "Tables", audio: "Audio" };
const MOST_CARDS = 48, MORE_CARDS = 240;
const PAUSE_MS = 500;
const SHARED = "media-shared-slider";

export class MediaSection {
  #run;
  #latest = new Latest();
  #cards = new Map(); // "kind name" -> card
  #groups = new Map(); // kind -> its part of the section
  #found = null;
  #most = MOST_CARDS;
  #timer = 0;
  #isLoading = false;
  #hasMore = false;
  #shared;
  #sharedBox;
  #filter;
  #note = make("p", "media-note muted");
  #more;

  constructor(section, run) {
    this.element = section;
    this.#run = run;
    this.#shared = new StepSlider("Step of all cards", (step) => this.#showAll(step));
    this.#sharedBox = element("input", { type: "checkbox", checked: recall(SHARED) === "yes" });
    this.#sharedBox.addEventListener("change", () => this.#share());
    this.#filter = element("input", { type: "search", className: "search", placeholder: "Find a name" });
    this.#filter.setAttribute("aria-label", "Find images and the like by name");
    this.#filter.addEventListener("input", () => this.#draw());
    this.#more = button("load-more", "", () => {
      this.#most += MORE_CARDS;
      this.#draw();
    });
    const bar = make("div", "media-bar", this.#filter, make("label", "media-shared", this.#sharedBox, "One slider for all"), this.#shared.element);
    section.querySelector(".media-content").replaceChildren(bar, this.#note, this.#more);
    this.#share();
  }

  /** Something was logged: fetch the changes, at most twice a second. */
  note() {
    this.#hasMore = true;
    if (!this.#timer && !this.#isLoading) this.#timer = setTimeout(() => void this.load(), PAUSE_MS);
  }

  async load() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#hasMore = false;
    this.#isLoading = true;
    try {
      const found = await this.#latest.ask("", { run: this.#run });
      if (found) this.#take(found);
    } catch (error) {
      this.#note.textContent = `Images and the like could not be loaded (${error.message}).`;
    } finally {
      this.#isLoading = false;
      if (this.#hasMore) this.note();
    }
  }

  #take(found) {
    this.#found = found;
    this.element.hidden = found.cards.length === 0;
    const total = found.cards.reduce((sum, card) => sum + card.count, 0);
    this.element.querySelector(".count").textContent = counted(total);
    const budget = found.budget_bytes ? `The budget of this run (${formatBytes(found.budget_bytes)}) is used up: what was logged later is not kept. ` : "";
    this.#note.textContent = budget + (found.is_cut ? "The index is too long: only its beginning was read." : "");
    this.#filter.hidden = found.cards.length < 6;
    this.#sharedBox.parentElement.hidden = found.cards.filter((card) => card.steps.length > 1).length < 2;
    this.#shared.setSteps(allSteps(found.cards));
    this.#draw();
  }

  #draw() {
    const wanted = this.#filter.value.trim().toLowerCase();
    const matching = this.#found.cards.filter((card) => card.name.toLowerCase().includes(wanted));
    const shown = matching.slice(0, this.#most), keys = new Set(shown.map(keyOf));
    for (const [key, card] of this.#cards) {
      if (keys.has(key)) continue;
      card.remove();
      this.#cards.delete(key);
    }
    for (const info of shown) this.#drawCard(info);
    for (const [kind, group] of this.#groups) group.hidden = !shown.some((info) => info.kind === kind);
    this.#more.hidden = shown.length === matching.length;
    const number = matching.length - this.#most > MORE_CARDS ? `${MORE_CARDS} more of ${counted(matching.length)}` : `all ${counted(matching.length)}`;
    this.#more.textContent = `Show ${number} names`;
  }

  #drawCard(info) {
    const known = this.#cards.get(keyOf(info));
    if (known) known.update(info);
    else this.#cards.set(keyOf(info), new Card(this.#run, info, (step) => this.#follow(step)));
    const card = this.#cards.get(keyOf(info)), grid = this.#group(info.kind);
    if (!known) grid.append(card.element);
    if (!known && this.#sharedBox.checked) card.showStep(this.#shared.step);
  }

  #group(kind) {
    let group = this.#groups.get(kind);
    if (!group) {
      group = make("section", `media-group of-${kind}`, make("h3", "media-kind", KINDS[kind]), make("div", "media-grid"));
      this.#groups.set(kind, group);
      const after = Object.keys(KINDS).slice(0, Object.keys(KINDS).indexOf(kind)).reverse().map((one) => this.#groups.get(one)).find(Boolean);
      (after ?? this.#note).after(group);
    }
    return group.lastElementChild;
  }

  #share() {
    const isShared = this.#sharedBox.checked;
    keep(SHARED, isShared ? "yes" : null);
    this.#shared.element.hidden = !isShared;
    this.element.classList.toggle("has-shared-slider", isShared);
    if (isShared && this.#found) this.#showAll(this.#shared.step);
  }

  /** A step that was chosen in a card applies to all cards, if they share a slider. */
  #follow(step) {
    if (!this.#sharedBox.checked) return;
    this.#shared.setStep(step);
    this.#showAll(step);
  }

  #showAll(step) {
    for (const card of this.#cards.values()) card.showStep(step);
  }
}

const keyOf = ({ kind, name }) => `${kind} ${name}`;
