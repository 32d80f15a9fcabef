// Texts and sounds of a step.

import { element, make } from "../lib/elements.js";
import { formatDuration } from "../lib/format.js";
import { addressOf } from "../lib/base.js";
import { Latest } from "./data.js";
import { ShownItems } from "./items.js";
import { Pager } from "./pager.js";

/**
 * The caption of an image or a sound. A long one is cut to some lines, and shown whole where the
 * pointer rests.
 */
export function captionOf(text) {
  return element("figcaption", { className: "media-caption", title: text.length > 100 ? text : "" }, text);
}

class StepBody {
  #run;
  #info;
  #card;
  #latest = new Latest();
  #items = new ShownItems(make("div", "media-items"));
  #pager = new Pager("Items before these", "Items after these", (by) => this.#page(by));
  #step = null;
  #starts = [0]; // of the parts of the step up to the one that is shown: long texts come in small parts
  #end = 0;

  constructor(run, info, card) {
    this.#run = run;
    this.#info = info;
    this.#card = card;
    this.element = make("div", "media-both", this.#items.element, this.#pager.element);
  }

  async show(step) {
    if (step !== this.#step) this.#starts = [0];
    this.#step = step;
    const { kind, name } = this.#info;
    const found = await this.#latest.ask("/step", { run: this.#run, kind, name, step, first: this.#starts.at(-1) || null });
    if (found === null) return;
    if (!found.items.length && this.#starts.length > 1) {
      this.#starts = [0]; // there are fewer now
      return this.show(step);
    }
    const draw = (item) => (item.trouble ? make("p", "media-trouble muted", item.trouble) : this.item(item, name));
    this.#items.show(this.#items.prepare(found.items, draw));
    this.#end = found.first + found.items.length;
    this.#pager.show(found.first, found.items.length, found.n_items);
  }

  #page(by) {
    if (by < 0) this.#starts.pop();
    else this.#starts.push(this.#end);
    this.#card.again();
  }
}

export class TextBody extends StepBody {
  item({ html, is_cut: isCut }) {
    const text = make("div", "media-text");
    text.innerHTML = html; // the server accepted only a few elements
    if (isCut) text.append(make("p", "muted", "Only the beginning of this text is shown."));
    return text;
  }
}

export class AudioBody extends StepBody {
  item({ href, caption, seconds }, name) {
    const player = element("audio", { controls: true, preload: "none", src: addressOf(href) });
    player.ariaLabel = caption ?? name;
    const about = [caption, seconds === undefined ? null : formatDuration(seconds)].filter(Boolean).join(" · ");
    return make("figure", "media-sound", player, captionOf(about));
  }
}
