// Send an action: a POST with the token of this page, and an answer in words.

import { addressOf } from "./base.js";

let renewed = null; // the token of a server that was started after this page was loaded

const pageToken = () => JSON.parse(document.querySelector("#page-data").dataset.page).csrf;

/**
 * @returns {Promise<{isDone: boolean, isRefused: boolean, message: string}>} the outcome for the
 * user. Refused: the state has changed meanwhile
 */
export async function post(path, body) {
  try {
    let answer = await send(path, body);
    if (answer.status === 403 && (await renewToken())) answer = await send(path, body);
    const reply = await answer.json().catch(() => ({}));
    return { ...reply, isDone: answer.ok, isRefused: answer.status === 409, message: reply.message ?? reply.error ?? `The server answered ${answer.status}.` };
  } catch {
    return { isDone: false, isRefused: false, message: "The server cannot be reached, so nothing was done." };
  }
}

function send(path, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": renewed ?? pageToken() };
  return fetch(addressOf(path), { method: "POST", headers, body: JSON.stringify(body) });
}

/** After a restart of the server its pages have another token. */
async function renewToken() {
  const page = await fetch(location.href);
  const html = new DOMParser().parseFromString(await page.text(), "text/html");
  const data = html.querySelector("#page-data")?.dataset.page;
  const token = data && JSON.parse(data).csrf;
  if (!token || token === renewed) return false;
  renewed = token;
  return true;
}
