// Images of a step, beside each other where there are several. Each opens in the whole window.

import { button, element, make } from "../lib/elements.js";
import { counted, formatBytes } from "../lib/format.js";
import { addressOf } from "../lib/base.js";
import { captionOf } from "./bodies.js";
import { Latest } from "./data.js";

const SMALL_PX = 160, SMALL_CARD_PX = 520;

export class ImageBody {
  #run;
  #info;
  #card;
  #latest = new Latest();
  #zoomed = new Latest();
  #first = 0;
  #step = null;

  constructor(run, info, card) {
    this.#run = run;
    this.#info = info;
    this.#card = card;
    this.element = make("div", "media-images");
  }

  async show(step) {
    if (step !== this.#step) this.#first = 0;
    this.#step = step;
    const { kind, name } = this.#info;
    const found = await this.#latest.ask("/step", { run: this.#run, kind, name, step, first: this.#first || null });
    if (found === null) return;
    const figures = found.items.map((item) => this.#figure(item, found));
    this.element.classList.toggle("is-many", found.n_items > 1);
    await Promise.all(figures.map(readyToShow)); // the images before stay until then: nothing flickers
    if (this.#step !== step) return;
    this.element.replaceChildren(...figures, ...this.#pager(found));
  }

  #figure(item, found) {
    const caption = captionOf(item.caption ?? "");
    if (item.trouble) {
      const link = item.href && element("a", { href: addressOf(`${item.href}&download=1`), className: "tool-link", textContent: `Download (${formatBytes(item.size_bytes)})` });
      link?.setAttribute("download", "");
      return make("figure", "media-figure", make("p", "media-trouble muted", item.trouble, " ", link ?? ""), caption);
    }
    const image = element("img", { src: addressOf(this.#source(item, found)), alt: item.caption ?? `${this.#info.name}, step ${found.step}`, width: item.width, height: item.height, decoding: "async" });
    image.classList.toggle("is-small", Math.max(item.width, item.height) < SMALL_PX);
    const opener = button("media-open", "", () => void this.#open(found, item.place));
    opener.ariaLabel = `Show ${image.alt} in the whole window`;
    opener.append(image);
    image.addEventListener("error", () => opener.replaceWith(make("p", "media-trouble muted", "This image cannot be shown: its file is damaged.")));
    return make("figure", "media-figure", opener, caption);
  }

  /** A small image does, or in a card as wide as the page one of twice its size. */
  #source({ thumb, href }, found) {
    const isWide = found.n_items === 1 && this.element.clientWidth > SMALL_CARD_PX;
    return (isWide ? thumb?.replace("thumb=1", "thumb=2") : thumb) ?? href;
  }

  #pager({ n_items: n, first, items }) {
    if (n <= items.length) return [];
    const go = (to) => {
      this.#first = to;
      void this.show(this.#step);
    };
    const back = button("action", "‹", () => go(Math.max(0, first - 24)));
    const on = button("action", "›", () => go(first + items.length));
    back.ariaLabel = "Images before these";
    on.ariaLabel = "Images after these";
    back.disabled = first === 0;
    on.disabled = first + items.length >= n;
    return [make("div", "media-pager", back, make("span", "muted num", `${counted(first + 1)}–${counted(first + items.length)} of ${counted(n)}`), on)];
  }

  async #open(found, place) {
    const { openZoom } = await import("./zoom.js");
    const items = (answer) => answer.items.filter((item) => !item.trouble);
    const move = async (by) => {
      const step = this.#card.step();
      this.#card.move(by);
      if (this.#card.step() === step) return null;
      const { kind, name } = this.#info;
      const answer = await this.#zoomed.ask("/step", { run: this.#run, kind, name, step: this.#card.step() });
      return answer && { step: answer.step, items: items(answer) };
    };
    openZoom(this.#info.name, { step: found.step, items: items(found) }, place, move);
  }
}

/** An image that is in memory is drawn at once when it is put in its place. */
function readyToShow(figure) {
  const image = figure.querySelector("img");
  return image ? image.decode().catch(() => {}) : Promise.resolve();
}
