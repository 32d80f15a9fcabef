// An image in the whole window: wheel, buttons and keys zoom at its pixels, dragging moves it.

import { button, element, make } from "../lib/elements.js";
import { formatStep } from "../lib/format.js";
import { addressOf } from "../lib/base.js";

const LEAST = 0.05, MOST = 64, FACTOR = 1.25, PIXELS_FROM = 2;

/**
 * @param {{step: number, items: object[]}} shown  the images of a step
 * @param {number} place  of the one to begin with
 * @param {(by: number) => Promise<object | null>} move  to another step (null: there is none)
 */
export function openZoom(name, shown, place, move) {
  new Zoom(name, move).open(shown, place);
}

class Zoom {
  #name;
  #move;
  #image = element("img", { className: "zoom-image", draggable: false });
  #stage;
  #about = make("p", "zoom-about");
  #download = element("a", { className: "tool-link", textContent: "Download" });
  #dialog;
  #shown = null;
  #at = 0;
  #scale = 1;
  #x = 0;
  #y = 0;

  constructor(name, move) {
    this.#name = name;
    this.#move = move;
    this.#stage = make("div", "zoom-stage", this.#image);
    this.#download.setAttribute("download", "");
    const tool = (label, text, act) => Object.assign(button("action", text, act), { ariaLabel: label, title: label });
    const bar = make(
      "div", "zoom-bar", this.#about,
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
    this.#shown = shown;
    this.#at = Math.max(0, shown.items.findIndex((item) => item.place === place));
    this.#show(true);
  }

  #bind() {
    this.#dialog.addEventListener("close", () => this.#dialog.remove());
    this.#dialog.addEventListener("keydown", (event) => this.#onKey(event));
    this.#stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(FACTOR ** -Math.sign(event.deltaY), event);
    }, { passive: false });
    this.#stage.addEventListener("dblclick", (event) => this.#zoom(FACTOR ** 4, event));
    this.#stage.addEventListener("pointerdown", (event) => this.#stage.setPointerCapture(event.pointerId));
    this.#stage.addEventListener("pointermove", (event) => {
      if (!this.#stage.hasPointerCapture(event.pointerId)) return;
      this.#x += event.movementX;
      this.#y += event.movementY;
      this.#place();
    });
  }

  #onKey(event) {
    const acts = {
      ArrowLeft: () => void this.#go(-1), ArrowRight: () => void this.#go(1),
      ArrowUp: () => this.#other(-1), ArrowDown: () => this.#other(1),
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
    this.#shown = found;
    this.#at = Math.min(this.#at, found.items.length - 1);
    this.#show(false);
  }

  #other(by) {
    const n = this.#shown.items.length;
    this.#at = (this.#at + by + n) % n;
    this.#show(false);
  }

  #show(isFirst) {
    const item = this.#shown.items[this.#at], n = this.#shown.items.length;
    this.#image.src = addressOf(item.svg ?? item.href);
    this.#image.alt = item.caption ?? this.#name;
    const isSame = this.#image.width === item.width && this.#image.height === item.height;
    Object.assign(this.#image, { width: item.width, height: item.height });
    this.#download.href = addressOf(`${item.href}&download=1`);
    const which = n > 1 ? `${this.#at + 1} of ${n}` : null;
    this.#about.textContent = [this.#name, `step ${formatStep(this.#shown.step)}`, which, item.caption, `${item.width} × ${item.height}`].filter(Boolean).join(" · ");
    if (isFirst || !isSame) this.#fit();
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

  /** By a factor, with what is at the pointer (or in the middle) staying where it is. */
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
