// Buttons for actions: each carries its request, and a question to ask before. Loaded when the
// first of them is pressed.

import { post } from "../lib/api.js";
import { ask } from "./ask.js";
import { keepNotice, showNotice } from "../lib/notice.js";
import { holdRefreshes, requestRefresh } from "../live/refresh.js";
import { addressOf } from "../lib/base.js";

export async function act(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  const { path, body, question, then } = JSON.parse(button.dataset.action);
  const entered = question ? await ask(await detailed(question, body)) : {};
  if (entered === null) return button.focus();
  button.setAttribute("aria-busy", "true");
  holdRefreshes(Boolean(then)); // of a page that is about to disappear
  const { isDone, message } = await post(path, { ...body, ...entered });
  holdRefreshes(Boolean(then && isDone));
  button.removeAttribute("aria-busy");
  if (isDone && then) {
    keepNotice(sentence(message));
    return location.assign(addressOf(then));
  }
  showNotice(sentence(message), !isDone);
  requestRefresh();
}

/** The question with its consequences from the server: the files that would stay. */
async function detailed(question, body) {
  if (!question.details) return question;
  const { n_others: n, others } = await post(question.details, body);
  if (!n) return question;
  const files = `${others.join(", ")}${n > others.length ? ", …" : ""}`;
  const text = `${question.text} ${n === 1 ? "1 other file stays" : `${n} other files stay`}: ${files}`;
  return { ...question, text, check: { name: "all_files", label: n === 1 ? "Delete this file too" : "Delete these files too" } };
}

/** "paused by hand: …" → "Paused by hand: …." */
export function sentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
