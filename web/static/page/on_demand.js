// Features of a page that are loaded with the first click.

import { showNotice } from "../lib/notice.js";

const DOINGS = [
  ["button[data-action]", () => import("./actions.js"), ({ act }, button) => act(button)],
  [".annotation-edit", () => import("./annotation.js"), ({ edit }, button) => edit(button.closest(".annotation"))],
];
const loadViews = () => import("./views.js");
const coming = new Set(); // what waits for a module: a second click on it meanwhile is the same one

document.addEventListener("click", ({ target }) => {
  for (const [selector, load, act] of target instanceof Element ? DOINGS : []) {
    const found = target.closest(selector);
    if (found) void begin(found, load, (module) => act(module, found));
  }
});

document.addEventListener("beforetoggle", (event) => {
  if (event.newState === "open" && event.target.id === "views-menu") void begin(event.target, loadViews, ({ refresh }) => refresh());
}, true);

document.addEventListener("submit", (event) => {
  if (event.target.id !== "save-view") return;
  event.preventDefault();
  void begin(event.target, loadViews, ({ save }) => save(event.target));
});

async function begin(what, load, act) {
  if (coming.has(what)) return;
  coming.add(what);
  const module = await load().catch((error) => showNotice(`This could not be loaded (${error.message}). Try again.`, true));
  coming.delete(what);
  if (module) act(module);
}
