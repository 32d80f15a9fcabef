// Charts that are to be drawn again: few in each frame, so that the page stays responsive, and in
// all no more than half of the time, however fast points come.

const MOST_MS = 16; // of a frame: then the other charts wait for the next

export class DrawQueue {
  #waiting = new Set();
  #frame = 0;
  #restUntil = 0;
  #clock;
  #request;

  /** `clock` and `request` are those of the page. */
  constructor({ clock = () => performance.now(), request = (callback) => requestAnimationFrame(callback) } = {}) {
    this.#clock = clock;
    this.#request = request;
  }

  /**
   * Add a chart, which is drawn once, however often it is added.
   *
   * @param {{paint: () => void, updateFrame: () => void, pointAgain: () => void}} chart  once, however often it is added
   */
  add(chart) {
    this.#waiting.add(chart);
    this.#frame ||= this.#request((now) => this.#draw(now));
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#waiting.clear();
  }

  #draw(now) {
    this.#frame = 0;
    if (now >= this.#restUntil) {
      const began = this.#clock();
      drawSome(this.#waiting, () => this.#clock() - began >= MOST_MS);
      this.#restUntil = now + 2 * (this.#clock() - began);
    }
    if (this.#waiting.size) this.#frame ||= this.#request((then) => this.#draw(then));
  }
}

/** Draw the charts that have waited longest, at least one; `isEnough` is called after each. */
function drawSome(waiting, isEnough) {
  const drawn = [];
  for (const chart of waiting) {
    waiting.delete(chart);
    chart.paint();
    drawn.push(chart);
    if (isEnough()) break;
  }
  finish(drawn);
}

/** Draw all of these at once. */
export function drawAll(charts) {
  for (const chart of charts) chart.paint();
  finish(charts);
}

/** Text on a canvas waits for the style of what has changed in the document: that comes last. */
function finish(charts) {
  for (const chart of charts) chart.updateFrame();
  // the pointer rests, but what it points at has moved
  for (const chart of charts) chart.pointAgain();
}
