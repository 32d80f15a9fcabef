// The part of a run's page with images and the like. Nothing of it is requested before it is nearly
// visible, and the charts are drawn: the server would read indexes while it also has to serve
// points.

export class MediaPart {
  #areDrawn;
  #onError;
  #shown = null; // the element, and its section once that has begun

  /** @param {() => Promise<void>} areDrawn  when the charts have been drawn */
  constructor(areDrawn, onError) {
    this.#areDrawn = areDrawn;
    this.#onError = onError;
  }

  /** The page is another one, or parts of it were replaced. */
  mount() {
    const element = document.querySelector("[data-media]");
    if (element === (this.#shown?.element ?? null)) return;
    const mine = element && { element, section: null };
    this.#shown = mine;
    if (!element) return;
    const look = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      look.disconnect();
      this.#begin(mine).catch(this.#onError);
    }, { rootMargin: "400px" });
    look.observe(element);
  }

  async #begin(mine) {
    const [section] = await Promise.all([begin(mine.element), this.#areDrawn()]);
    if (this.#shown !== mine) return;
    mine.section = section;
    await section.load();
  }

  /** This run logged something. Returns whether it is shown here. */
  note(run) {
    const shown = this.#shown;
    if (!shown || !runsOf(shown.element).includes(run)) return false;
    shown.element.hidden = false;
    shown.section?.note();
    return true;
  }
}

const runsOf = ({ dataset }) => (dataset.runs ? JSON.parse(dataset.runs).map(({ id }) => id) : [dataset.run]);

/** Of one run, or of several side by side. */
async function begin(element) {
  if (element.dataset.runs) {
    const { MediaBeside } = await import("../media/beside.js");
    return new MediaBeside(element);
  }
  const { MediaSection } = await import("../media/main.js");
  return new MediaSection(element, element.dataset.run);
}
