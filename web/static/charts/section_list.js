// The sections of the grid in the document: a heading that folds, and the charts below it. All use
// the same columns, so that the charts of different sections are aligned.

import { params, setParams } from "../lib/address.js";
import { button, make } from "../lib/elements.js";
import { foldedSections, foldParams } from "./data/view.js";
import { columnsOf, spanOf, widthOf } from "./data/chart_settings.js";

const MANY = 6; // with this many sections all can be folded at once

export class SectionList {
  #parent;
  #note = make("p", "charts-note muted");
  #fold = button("fold-all", "", () => this.#foldAll());
  #bar = make("div", "charts-bar", this.#fold);
  #isAllFolded = false;
  #sizes;
  #sections = new Map(); // name -> {root, toggle, count, grid}
  #shown = []; // [{section, width}]: how many columns each would take
  #chosen = null; // how many columns a reader chose
  #away = make("div", "chart chart-away"); // keeps the place of the chart that fills the window

  constructor(parent) {
    this.#parent = parent;
    this.#note.role = "status";
    this.#bar.hidden = true;
    parent.append(this.#bar, this.#note);
    this.#sizes = new ResizeObserver(() => this.#layOut());
    this.#sizes.observe(parent);
  }

  /** The text in place of charts. */
  showText(text) {
    if (this.#note.textContent !== text) this.#note.textContent = text;
    this.#note.hidden = text === "";
  }

  /** @param {{name: string, title: string, metrics: string[]}[]} sections */
  show(sections, { folded, charts, nColumns }, chartOf) {
    this.#away.remove();
    const placeOf = (metric) => (chartOf(metric).closest("dialog") ? this.#away : chartOf(metric));
    for (const [name, { root }] of this.#sections) {
      if (!sections.some((section) => section.name === name)) root.remove(), this.#sections.delete(name);
    }
    const isPlain = sections.length === 1 && sections[0].name === "";
    const shown = [], roots = sections.map(({ name, title, metrics }) => {
      const section = this.#sections.get(name) ?? this.#create(name);
      const isFolded = folded.has(name) && !isPlain;
      section.title.textContent = title;
      section.toggle.hidden = isPlain;
      section.plain.hidden = !isPlain;
      section.count.textContent = metrics.length;
      section.root.classList.toggle("is-plain", isPlain);
      shown.push({ section, width: isFolded ? 0 : widthOf(metrics, charts) });
      section.toggle.ariaExpanded = String(!isFolded);
      section.grid.hidden = isFolded;
      place(section.grid, metrics.map(placeOf));
      return section.root;
    });
    this.#isAllFolded = roots.length > 0 && sections.every(({ name }) => folded.has(name));
    this.#bar.hidden = sections.length < MANY;
    this.#fold.textContent = `${this.#isAllFolded ? "Unfold" : "Fold"} all ${sections.length} sections`;
    place(this.#parent, [this.#bar, ...roots]);
    this.#shown = shown;
    this.#chosen = nColumns;
    this.#layOut();
  }

  /** Give the page its columns, and each section as many as it has charts. */
  #layOut() {
    const isInPanel = this.#parent.classList.contains("charts-whole");
    const n = columnsOf(this.#parent.clientWidth, this.#shown.map(({ width }) => width), { isInPanel, chosen: this.#chosen });
    this.#parent.style.setProperty("--columns", n);
    for (const { section: { root }, width } of this.#shown) {
      root.dataset.span = spanOf(width, n, this.#chosen !== null);
      root.style.setProperty("--span", root.dataset.span);
    }
  }

  destroy() {
    this.#sizes.disconnect();
  }

  #foldAll() {
    const folded = foldedNow();
    for (const name of this.#sections.keys()) folded[this.#isAllFolded ? "delete" : "add"](name);
    setParams(foldParams(folded));
  }

  #create(name) {
    const title = make("span", "section-title"), count = make("span", "count");
    const toggle = make("button", "section-toggle", title, count);
    toggle.type = "button";
    toggle.addEventListener("click", () => fold(name));
    const grid = make("div", "chart-grid");
    const plain = make("span", "sr-only", "Metrics");
    const root = make("section", "chart-section", make("h2", "section-head", toggle, plain), grid);
    root.dataset.section = name;
    this.#sections.set(name, { root, toggle, title, count, plain, grid });
    return this.#sections.get(name);
  }
}

function fold(name) {
  const folded = foldedNow();
  folded[folded.has(name) ? "delete" : "add"](name);
  setParams(foldParams(folded));
}

const foldedNow = () => foldedSections(params().getAll("fold"), params().getAll("unfold"));

/** Put the elements into the parent in this order, moving only misplaced ones. */
function place(parent, elements) {
  elements.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
}
