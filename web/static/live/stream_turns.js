// Decides which of a browser's open pages may have a live stream. A browser opens six connections
// to a host, over all its tabs and windows: streams in six of them would block a seventh. Hidden
// tabs have none. Of the visible ones those used last do.

const MOST_STREAMS = 4;
const CENSUS_MS = 150; // within which the other pages answer
const CHANNEL = "ml-tracking-ops-streams";
const SIGNS_OF_USE = ["pointermove", "pointerdown", "keydown", "focus"];

/** Whether a page has to give way: there are too many streams, and others began later. Pure. */
function mustGiveWay(mine, others) {
  const later = others.filter((one) => one.at > mine.at || (one.at === mine.at && one.id > mine.id));
  return later.length >= MOST_STREAMS;
}

export class StreamTurns {
  #channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
  #mine = null;
  #others = [];
  #timer = 0;
  #onGiveWay;
  #onUse;

  /**
   * @param {() => void} onGiveWay end the stream: others are used more
   * @param {() => void} onUse the page is used again after it gave way
   */
  constructor(onGiveWay, onUse) {
    this.#onGiveWay = onGiveWay;
    this.#onUse = onUse;
    this.#channel?.addEventListener("message", ({ data }) => this.#hear(data));
  }

  /** This page's stream begins. */
  take() {
    this.#listen(false);
    this.#mine = { id: crypto.getRandomValues(new Uint32Array(1))[0], at: Date.now() };
    this.#count();
    this.#channel?.postMessage({ kind: "began", ...this.#mine });
  }

  /** This page's stream is over. */
  release() {
    this.#mine = null;
    clearTimeout(this.#timer);
  }

  #hear({ kind, id, at }) {
    if (this.#mine === null) return;
    if (kind === "began") {
      this.#count();
      this.#channel.postMessage({ kind: "here", ...this.#mine });
    }
    this.#others.push({ id, at });
  }

  /** Pages that are gone no longer answer: they are counted again each time. */
  #count() {
    this.#others = [];
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#mine === null || !mustGiveWay(this.#mine, distinct(this.#others))) return;
      this.#onGiveWay();
      this.#listen(true);
    }, CENSUS_MS);
  }

  #listen(isWaiting) {
    const change = isWaiting ? addEventListener : removeEventListener;
    for (const sign of SIGNS_OF_USE) change(sign, this.#use);
  }

  #use = () => {
    this.#listen(false);
    this.#onUse();
  };
}

function distinct(pages) {
  return [...new Map(pages.map((page) => [page.id, page])).values()];
}
