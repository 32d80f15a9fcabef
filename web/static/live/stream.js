// The page's one stream of server-sent events. It ends while the tab is hidden, and after a break
// continues from the cursors that the page has reached: nothing is missed, nothing comes twice.

import { StreamTurns } from "./stream_turns.js";

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 8000;
const SILENCE_MS = 40_000; // the server pings every 15 s
const EVENTS = ["points", "reset", "sweep", "runs", "curves", "catalog", "log", "media", "gone", "ping"];

export class LiveStream {
  #address;
  #onEvent;
  #onState;
  #source = null;
  #retryMs = FIRST_RETRY_MS;
  #timer = 0;
  #watchdog = 0;
  #turns = new StreamTurns(() => this.#close("paused"), () => this.restart());

  /**
   * @param {() => string | null} address  where to continue from now (null: nothing to follow)
   * @param {(name: string, data: object) => void} onEvent
   * @param {(state: "idle" | "connecting" | "open" | "lost" | "paused") => void} onState
   */
  constructor(address, onEvent, onState) {
    this.#address = address;
    this.#onEvent = onEvent;
    this.#onState = onState;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#close("idle") : this.restart()));
    addEventListener("pagehide", () => this.#close("idle"));
    addEventListener("pageshow", (event) => event.persisted && this.restart());
    addEventListener("online", () => this.#source === null && this.restart());
  }

  /** Connect again, with the current topics of the page. */
  restart() {
    this.#close();
    const address = document.hidden ? null : this.#address();
    if (address === null) return this.#onState("idle");
    this.#onState("connecting");
    this.#turns.take();
    const source = new EventSource(address);
    this.#source = source;
    source.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#watch();
      this.#onState("open");
    };
    source.onerror = () => this.#source === source && this.#retry();
    for (const name of EVENTS) source.addEventListener(name, (event) => this.#take(source, name, event.data));
  }

  #take(source, name, data) {
    if (this.#source !== source) return;
    this.#watch();
    if (name !== "ping") this.#onEvent(name, JSON.parse(data));
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#retry(), SILENCE_MS);
  }

  #retry() {
    this.#close("lost");
    this.#timer = setTimeout(() => this.restart(), this.#retryMs * (0.75 + Math.random() / 2));
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  #close(state) {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#source?.close();
    this.#source = null;
    this.#turns.release();
    if (state) this.#onState(state);
  }
}
