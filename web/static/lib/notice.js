// What became of an action, in a corner of the window; screen readers say it.

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

/** For the page that comes next: this one is about to be left. */
export function keepNotice(text) {
  sessionStorage.setItem(KEPT, text);
}

const kept = sessionStorage.getItem(KEPT);
if (kept !== null) {
  sessionStorage.removeItem(KEPT);
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
