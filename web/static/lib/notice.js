// Messages for the reader: the bar above the page, before anything else, and the outcome of an
// action, in a corner of the window, which screen readers announce.

import { keep, recall } from "./storage.js";

const SHOWN_MS = 6000;
const TROUBLE_SHOWN_MS = 15_000;

let timer = 0;

export function showNotice(text, isTrouble = false) {
  const notice = document.querySelector("#notice") ?? makeNotice();
  notice.textContent = text;
  notice.classList.toggle("is-trouble", isTrouble);
  notice.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (notice.hidden = true), isTrouble ? TROUBLE_SHOWN_MS : SHOWN_MS);
}

const KEPT = "notice";

/** For the next page: this one is about to be left. */
export function keepNotice(text) {
  keep(KEPT, text, { forTab: true });
}

const kept = recall(KEPT, { forTab: true });
if (kept !== null) {
  keep(KEPT, null, { forTab: true });
  showNotice(kept);
}

function makeNotice() {
  const notice = document.createElement("div");
  notice.id = "notice";
  notice.className = "notice-corner";
  notice.setAttribute("role", "status");
  notice.addEventListener("click", () => (notice.hidden = true));
  document.body.append(notice);
  return notice;
}

// ---- The bar above the page ----

/** @param {string} [about] what may remove it: `hideBanner` with the same word */
export function showBanner(text, about = "") {
  const banner = document.querySelector("#banner");
  banner.textContent = text;
  banner.dataset.about = about;
  banner.hidden = false;
}

export function hideBanner(about) {
  const banner = document.querySelector("#banner");
  if (banner.dataset.about === about) banner.hidden = true;
}
