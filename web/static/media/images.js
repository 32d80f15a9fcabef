// Images of a step, beside each other if there are several. Each opens in the whole window.

import { button, element, make } from "../lib/elements.js";
import { formatBytes } from "../lib/format.js";
import { addressOf } from "../lib/base.js";
import { captionOf } from "./bodies.js";
import { Latest } from "./data.js";
import { ShownItems } from "./items.js";
import { Pager } from "./pager.js";

const SMALL_PX = 160, SMALL_CARD_PX = 520, AT_ONCE = 24;

export class ImageBody {
  #run;
  #info;
  #card;
  #latest = new Latest();
  #zoomed = new Latest();
  #first = 0;
  #step = null;
  #found = null;
  #images = new ShownItems(make("div", "media-images"));
  #pager = new Pager("Images before these", "Images after these", (by) => this.#page(by));

  constructor(run, info, card) {
    this.#run = run;
    this.#info = info;
    this.#card = card;
    this.element = make("div", "media-both", this.#images.element, this.#pager.element);
  }

  async show(step) {
    if (step !== this.#step) this.#first = 0;
    this.#step = step;
    const { kind, name } = this.#info;
    const found = await this.#latest.ask("/step", { run: this.#run, kind, name, step, first: this.#first || null });
    if (found === null) return;
    if (!found.items.length && this.#first) {
      this.#first = 0; // there are fewer now
      return this.show(step);
    }
    this.#found = found;
    const isMany = found.n_items > 1;
    const figures = this.#images.prepare(found.items, (item) => this.#figure(item, found), [found.step, isMany]);
    // the images before stay until then: nothing flickers
    await Promise.all([...figures.values()].map(readyToShow));
    if (this.#found !== found || this.#step !== step) return;
    this.#images.element.classList.toggle("is-many", isMany);
    this.#images.show(figures);
    this.#pager.show(found.first, found.items.length, found.n_items);
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
    const opener = button("media-open", "", () => void this.#open(item.place));
    opener.ariaLabel = `Show ${image.alt} in the whole window`;
    opener.append(image);
    image.addEventListener("error", () => opener.replaceWith(make("p", "media-trouble muted", "This image cannot be shown: its file is damaged.")));
    return make("figure", "media-figure", opener, caption);
  }

  /** A small image is enough, or in a card as wide as the page one of twice its size. */
  #source({ thumb, href }, found) {
    const isWide = found.n_items === 1 && this.element.clientWidth > SMALL_CARD_PX;
    return (isWide ? thumb?.replace("thumb=1", "thumb=2") : thumb) ?? href;
  }

  #page(by) {
    const { first, items } = this.#found;
    this.#first = by < 0 ? Math.max(0, first - AT_ONCE) : first + items.length;
    this.#card.again();
  }

  async #open(place) {
    const { openZoom } = await import("./zoom.js");
    const { kind, name } = this.#info;
    const more = (step, first) => this.#zoomed.ask("/step", { run: this.#run, kind, name, step, first: first || null });
    const move = async (by) => {
      const step = this.#card.step();
      this.#card.move(by);
      return this.#card.step() === step ? null : more(this.#card.step(), 0);
    };
    openZoom(name, this.#found, place, move, more);
  }
}

/** An image that is in memory is drawn at once when it is put in its place. */
function readyToShow(figure) {
  const image = figure.querySelector("img");
  return image ? image.decode().catch(() => {}) : Promise.resolve();
}
