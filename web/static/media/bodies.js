// Texts and sounds of a step.

import { element, make } from "../lib/elements.js";
import { formatDuration } from "../lib/format.js";
import { addressOf } from "../lib/base.js";
import { Latest } from "./data.js";

/** The caption of an image or a sound. Of a long one some lines, and all where the pointer rests. */
export function captionOf(text) {
  return element("figcaption", { className: "media-caption", title: text.length > 100 ? text : "" }, text);
}

class StepBody {
  #run;
  #info;
  #latest = new Latest();

  constructor(run, info) {
    this.#run = run;
    this.#info = info;
    this.element = make("div", "media-items");
  }

  async show(step) {
    const { kind, name } = this.#info;
    const found = await this.#latest.ask("/step", { run: this.#run, kind, name, step });
    if (found === null) return;
    const items = found.items.map((item) => (item.trouble ? make("p", "media-trouble muted", item.trouble) : this.item(item, name)));
    const rest = found.n_items - found.items.length;
    this.element.replaceChildren(...items, ...(rest > 0 ? [make("p", "muted", `${rest} more of this step are not shown.`)] : []));
  }
}

export class TextBody extends StepBody {
  item({ html, is_cut: isCut }) {
    const text = make("div", "media-text");
    text.innerHTML = html; // the server let through a few elements alone
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
