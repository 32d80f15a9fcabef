// An image in the whole window: wheel, fingers, buttons and keys zoom, dragging moves it.

import { button, element, make } from "../lib/elements.js";
import { formatStep } from "../lib/format.js";
import { addressOf } from "../lib/base.js";

const LEAST = 0.05, MOST = 64, FACTOR = 1.25, PIXELS_FROM = 2, AT_ONCE = 24;

/**
 * @param {{step: number, n_items: number, items: object[]}} shown  images of a step, or some of very many
 * @param {number} place  of the one to begin with
 * @param {(by: number) => Promise<object | null>} move  to another step (null: there is none)
 * @param {(step: number, first: number) => Promise<object | null>} more  images of a step from a place on
 */
export function openZoom(name, shown, place, move, more) {
  new Zoom(name, move, more).open(shown, place);
}

class Zoom {
  #name;
  #move;
  #more;
  #image = element("img", { className: "zoom-image", draggable: false });
  #stage;
  #about = make("p", "zoom-about");
  #download = element("a", { className: "tool-link", textContent: "Download" });
  #dialog;
  #step = null;
  #n = 0;
  #items = new Map(); // place -> image of this step, as far as it is known
  #at = 0;
  #turn = 0;
  #scale = 1;
  #fingers = new Map(); // id of a pointer that is down -> its last event
  #images;
  #x = 0;
  #y = 0;

  constructor(name, move, more) {
    this.#name = name;
    this.#move = move;
    this.#more = more;
    this.#stage = make("div", "zoom-stage", this.#image);
    this.#download.setAttribute("download", "");
    const tool = (label, text, act) => Object.assign(button("action", text, act), { ariaLabel: label, title: label });
    this.#images = [tool("Image before (↑)", "↑", () => void this.#other(-1)), tool("Next image (↓)", "↓", () => void this.#other(1))];
    for (const one of this.#images) one.hidden = true; // the focused element stays
    const bar = make(
      "div", "zoom-bar", this.#about, ...this.#images,
      tool("Step before (←)", "‹", () => void this.#go(-1)), tool("Next step (→)", "›", () => void this.#go(1)),
      tool("Smaller (−)", "−", () => this.#zoom(1 / FACTOR)), tool("Larger (+)", "+", () => this.#zoom(FACTOR)),
      tool("Fit into the window (0)", "Fit", () => this.#fit()), tool("One to one (1)", "1:1", () => this.#natural()),
      this.#download, tool("Close (Escape)", "✕", () => this.#dialog.close()),
    );
    this.#dialog = make("dialog", "zoom", bar, this.#stage);
    this.#dialog.ariaLabel = `${name} in the whole window`;
    this.#bind();
  }

  open(shown, place) {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#take(shown);
    this.#at = place;
    this.#show(true);
  }

  #bind() {
    this.#image.addEventListener("load", () => this.#stand());
    this.#dialog.addEventListener("close", () => this.#dialog.remove());
    this.#dialog.addEventListener("keydown", (event) => this.#onKey(event));
    this.#stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(FACTOR ** -Math.sign(event.deltaY), event);
    }, { passive: false });
    this.#stage.addEventListener("dblclick", (event) => this.#zoom(FACTOR ** 4, event));
    this.#stage.addEventListener("pointerdown", (event) => {
      this.#stage.setPointerCapture(event.pointerId);
      this.#fingers.set(event.pointerId, event);
    });
    this.#stage.addEventListener("lostpointercapture", (event) => this.#fingers.delete(event.pointerId));
    this.#stage.addEventListener("pointermove", (event) => this.#drag(event));
  }

  /** One finger, or a mouse, moves the image. A second one zooms by their distance. */
  #drag(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const other = [...this.#fingers.values()].find((one) => one.pointerId !== event.pointerId);
    const share = other ? 0.5 : 1; // the middle of two moves
    this.#fingers.set(event.pointerId, event);
    this.#x += (event.clientX - before.clientX) * share;
    this.#y += (event.clientY - before.clientY) * share;
    if (other) this.#zoom(apart(event, other) / apart(before, other), { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    else this.#place();
  }

  #onKey(event) {
    const acts = {
      ArrowLeft: () => void this.#go(-1), ArrowRight: () => void this.#go(1),
      ArrowUp: () => void this.#other(-1), ArrowDown: () => void this.#other(1),
      "+": () => this.#zoom(FACTOR), "=": () => this.#zoom(FACTOR), "-": () => this.#zoom(1 / FACTOR),
      0: () => this.#fit(), 1: () => this.#natural(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  async #go(by) {
    const found = await this.#move(by).catch(() => null);
    if (!found?.items.length) return;
    this.#take(found);
    await this.#seek(Math.min(this.#at, this.#n - 1), 1);
  }

  #other(by) {
    return this.#seek(this.#at + by, by);
  }

  #take({ step, n_items: n, items }) {
    [this.#step, this.#n] = [step, n];
    this.#items = new Map(items.map((item) => [item.place, item]));
  }

  /** Show the image at a place, or the next one in this direction that can be shown. */
  async #seek(from, by) {
    const mine = ++this.#turn;
    for (let tried = 0; tried < this.#n; tried++) {
      const at = (from + tried * by + this.#n * (tried + 1)) % this.#n;
      const item = this.#items.get(at) ?? (await this.#fetch(at));
      if (mine !== this.#turn || !item) return;
      if (item.trouble) continue;
      this.#at = at;
      return this.#show(false);
    }
  }

  async #fetch(at) {
    const items = this.#items;
    const found = await this.#more(this.#step, at - (at % AT_ONCE)).catch(() => null);
    for (const item of found?.items ?? []) items.set(item.place, item);
    return items.get(at);
  }

  #show(isFirst) {
    const item = this.#items.get(this.#at), n = this.#n;
    this.#image.src = addressOf(item.svg ?? item.href);
    this.#image.alt = item.caption ?? this.#name;
    const isSame = this.#image.width === item.width && this.#image.height === item.height;
    this.#setSize(item.width, item.height);
    this.#download.href = addressOf(`${item.href}&download=1`);
    if (n < 2 && this.#images.includes(document.activeElement)) this.#images.at(-1).nextElementSibling.focus();
    for (const one of this.#images) one.hidden = n < 2;
    if (isFirst || !isSame) this.#fit();
  }

  #setSize(width, height) {
    Object.assign(this.#image, { width, height });
    const { caption } = this.#items.get(this.#at), n = this.#n;
    const which = n > 1 ? `${this.#at + 1} of ${n}` : null;
    this.#about.textContent = [this.#name, `step ${formatStep(this.#step)}`, which, caption, `${width} × ${height}`].filter(Boolean).join(" · ");
  }

  /** A photograph may say that it lies on its side: the browser has turned it, and knows its size. */
  #stand() {
    const { naturalWidth, naturalHeight, width, height } = this.#image;
    if (naturalWidth === naturalHeight || naturalWidth !== height || naturalHeight !== width) return;
    this.#setSize(naturalWidth, naturalHeight);
    this.#fit();
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#stage, { width, height } = this.#image;
    this.#scale = Math.min(clientWidth / width, clientHeight / height, MOST);
    this.#x = (clientWidth - width * this.#scale) / 2;
    this.#y = (clientHeight - height * this.#scale) / 2;
    this.#place();
  }

  #natural() {
    this.#zoom(1 / this.#scale);
  }

  /** Zoom by a factor, with the place at the pointer (or in the middle) staying where it is. */
  #zoom(factor, pointer) {
    const box = this.#stage.getBoundingClientRect();
    const [x, y] = pointer ? [pointer.clientX - box.left, pointer.clientY - box.top] : [box.width / 2, box.height / 2];
    const scale = Math.min(MOST, Math.max(LEAST, this.#scale * factor)), by = scale / this.#scale;
    this.#x = x - (x - this.#x) * by;
    this.#y = y - (y - this.#y) * by;
    this.#scale = scale;
    this.#place();
  }

  #place() {
    this.#image.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.#image.classList.toggle("is-pixelated", this.#scale > PIXELS_FROM);
  }
}

/** Pure: how many pixels two pointers are apart, at least one. */
function apart(a, b) {
  return Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
}
