// The state in the top bar: whether the page is live, and a message if the server cannot be
// reached, or no longer accepts the token.

import { hideBanner, showBanner } from "../lib/notice.js";
import { addressOf } from "../lib/base.js";

const WORDS = { idle: "", connecting: "Connecting…", open: "Live", partly: "Partly live", lost: "Connection lost", again: "Live again", paused: "Paused" };
const TITLES = { paused: "Four other pages of this browser are live. This one is live again as soon as you use it" };
const AGAIN_MS = 4000;
const LOST = "connection";

let isPartly = false; // without htmx only points, best values and outputs arrive
let lostAt = null;
let timer = 0;
let shownState = "idle";

/** @param {"idle" | "connecting" | "open" | "lost" | "paused"} state */
export function showConnection(state) {
  clearTimeout(timer);
  if (state === "lost") {
    if (lostAt === null) void askWhy();
    lostAt ??= new Date();
  }
  if (lostAt !== null && state === "connecting") state = "lost";
  if (state !== "open") return showState(state);
  hideBanner(LOST);
  const wasLost = lostAt !== null;
  lostAt = null;
  const usual = isPartly ? "partly" : "open";
  if (!wasLost) return showState(usual);
  showState("again");
  timer = setTimeout(() => showState(usual), AGAIN_MS);
  return undefined;
}

function showState(state) {
  shownState = state;
  const element = document.querySelector("#connection");
  element.dataset.state = state === "again" ? "open" : state;
  document.documentElement.classList.toggle("is-stale", state === "lost" || state === "paused");
  element.title = TITLES[state] ?? "";
  const since = state === "lost" && lostAt ? ` at ${lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })} – trying again` : "";
  if (element.textContent !== WORDS[state] + since) element.textContent = WORDS[state] + since;
}

/** A page that was reached by a link has its own top bar, while the stream may be the same. */
document.addEventListener("htmx:after:swap", () => {
  if (document.querySelector("#connection")?.dataset.state === undefined) showState(shownState);
});

/** Show from now on that only a part of the page is live. */
export function showPartlyLive() {
  isPartly = true;
  if (document.querySelector("#connection").dataset.state === "open") showConnection("open");
}

/** A server that was started again on an address that others can reach has another token. */
async function askWhy() {
  try {
    const answer = await fetch(addressOf("/events"), { method: "HEAD" });
    if (answer.status === 403) showForbidden();
  } catch {
    // it cannot be reached: the bar already shows that
  }
}

function showForbidden() {
  showBanner("The server no longer accepts this browser's token: it was restarted. Open the address with ?token=… that it printed.", LOST);
}

// ---- Requests of users meanwhile ----

document.addEventListener("htmx:before:swap", (event) => {
  const status = event.detail.ctx.response?.status ?? 200;
  if (status < 400 || status === 404) return;
  event.preventDefault(); // an error is no page: the current content stays
  if (status === 403) showForbidden();
  else showBanner(`The server could not make this page (status ${status}). Its output in the terminal has details.`, LOST);
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.refreshOf !== undefined && !event.detail.ctx.isAsked || event.detail.error?.name === "AbortError") return;
  showBanner("The server does not answer. The page stays as it is. Try again when the connection is back.", LOST);
});

document.addEventListener("htmx:after:swap", () => hideBanner(LOST));
