// Two images of equal size as one: their difference, or alternating in the same place.

import { button, element, make } from "../lib/elements.js";
import { counted, formatNumber, formatStep } from "../lib/format.js";
import { addressOf } from "../lib/base.js";
import { fetchMedia } from "./data.js";

const BLINK_MS = 700;

export class ImagePair {
  #turn = 0;
  #timer = 0;
  #n = 1;
  #at = 0; // which of the images of a step
  #asked = null;
  #about = make("p", "media-facts num");
  #place = make("div", "media-pair");
  #which = make("span", "muted num");
  #pager;

  constructor() {
    const tool = (label, text, by) => Object.assign(button("action", text, () => this.#go(by)), { ariaLabel: label });
    this.#pager = make("div", "media-pager", tool("Image before", "‹", -1), this.#which, tool("Next image", "›", 1));
    this.#pager.hidden = true;
    this.element = make("div", "media-both", this.#place, this.#about, this.#pager);
  }

  /** Stop blinking. */
  stop() {
    clearInterval(this.#timer);
    this.#turn++;
  }

  /**
   * @param {"difference" | "blink"} mode
   * @param {{id: string, name: string}[]} runs  two of them
   */
  async show(mode, runs, name, step) {
    this.stop();
    const mine = this.#turn;
    this.#asked = [mode, runs, name, step];
    const images = await Promise.all(runs.map((run) => imageAt(run, name, step, this.#at)));
    if (mine !== this.#turn) return;
    this.#page(Math.max(...images.map(({ n }) => n)));
    const [a, b] = images.map(({ image }) => image);
    if (!a || !b) return this.#showNote(images.find(({ image }) => !image).trouble);
    const isSame = a.naturalWidth === b.naturalWidth && a.naturalHeight === b.naturalHeight;
    if (mode === "blink") this.#blink(images, runs);
    else if (isSame) this.#difference(images, runs);
    else this.#showNote(`Their sizes differ: ${sizeOf(a)} and ${sizeOf(b)} pixels.`);
  }

  /** Several images of a step are compared one by one: those at the same place. */
  #page(n) {
    this.#n = n;
    this.#pager.hidden = n < 2;
    this.#which.textContent = `${counted(this.#at + 1)} of ${counted(n)}`;
  }

  #go(by) {
    this.#at = (this.#at + by + this.#n) % this.#n;
    this.show(...this.#asked).catch((error) => this.#showNote(error.message));
  }

  #showNote(text) {
    this.#place.replaceChildren();
    this.#about.textContent = text;
  }

  #blink(images, runs) {
    let at = 0;
    const next = () => {
      this.#place.replaceChildren(images[at].image);
      this.#about.textContent = [runs[at].name, `step ${formatStep(images[at].step)}`, images[at].caption].filter(Boolean).join(" · ");
      at = 1 - at;
    };
    next();
    this.#timer = setInterval(() => (this.element.isConnected ? next() : this.stop()), BLINK_MS);
  }

  #difference(images, runs) {
    const [a, b] = images.map(({ image }) => image);
    const { naturalWidth: width, naturalHeight: height } = a;
    const [first, second] = [a, b].map((image) => pixelsOf(image, width, height));
    const found = differenceOf(first.data, second.data);
    const canvas = element("canvas", { width, height, className: width < 160 ? "is-small" : "" });
    canvas.role = "img";
    canvas.ariaLabel = `Difference of ${runs[0].name} and ${runs[1].name}`;
    canvas.getContext("2d").putImageData(new ImageData(found.data, width, height), 0, 0);
    this.#place.replaceChildren(canvas);
    const scaled = images.some(({ isScaled }) => isScaled) ? "Measured on images that were scaled for this snapshot. " : "";
    this.#about.textContent = scaled + (found.largest === 0 ? "No pixel differs." : `${formatNumber(100 * found.share)} % of the pixels differ · the largest difference is ${found.largest} of 255 (drawn brightest) · ${formatNumber(found.mean)} on average`);
  }
}

/** Pure: how far the channels of two images are apart. The largest difference is drawn as 255. */
export function differenceOf(a, b) {
  const data = new Uint8ClampedArray(a.length);
  let largest = 0, sum = 0, nDiffer = 0;
  for (let i = 0; i < a.length; i += 4) {
    const by = [0, 1, 2, 3].map((channel) => Math.abs(a[i + channel] - b[i + channel]));
    const most = Math.max(...by);
    largest = Math.max(largest, most);
    sum += (by[0] + by[1] + by[2]) / 3;
    nDiffer += most > 0;
    for (let channel = 0; channel < 3; channel++) data[i + channel] = Math.max(by[channel], by[3]);
    data[i + 3] = 255;
  }
  if (largest) for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i] = (data[i] * 255) / largest;
  const nPixels = Math.max(1, a.length / 4);
  return { data, largest, mean: sum / nPixels, share: nDiffer / nPixels };
}

function pixelsOf(image, width, height) {
  const context = element("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height);
}

const sizeOf = (image) => `${image.naturalWidth} × ${image.naturalHeight}`;

/** The image at a place of a step, or why there is none. `n`: how many the step has. */
async function imageAt(run, name, step, place) {
  const found = await fetchMedia("/step", { run: run.id, kind: "image", name, step, first: place || null });
  const item = found.items[0], n = found.n_items;
  if (!item) return { image: null, n, trouble: `${run.name} has only ${counted(n)} at step ${formatStep(found.step)}.` };
  if (item.trouble) return { image: null, n, trouble: `${run.name}: ${item.trouble}` };
  const image = element("img", { src: addressOf(item.href), alt: `${name} of ${run.name}` });
  image.classList.toggle("is-small", Math.max(item.width, item.height) < 160);
  try {
    await image.decode();
  } catch {
    return { image: null, n, trouble: `${run.name}: its file is damaged.` };
  }
  return { image, n, step: found.step, caption: item.caption, isScaled: item.is_scaled };
}
