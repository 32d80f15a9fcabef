// What a page can do once somebody asks for it: the modules come with the first click.

import { showNotice } from "../lib/notice.js";

const DOINGS = [
  ["button[data-action]", () => import("./actions.js"), ({ act }, button) => act(button)],
  [".annotation-edit", () => import("./annotation.js"), ({ edit }, button) => edit(button.closest(".annotation"))],
];
const loadViews = () => import("./views.js");
const coming = new Set(); // what loads modules: a second click meanwhile is the same one

document.addEventListener("click", ({ target }) => {
  for (const [selector, load, act] of target instanceof Element ? DOINGS : []) {
    const found = target.closest(selector);
    if (found) void begin(load, (module) => act(module, found));
  }
});

document.addEventListener("beforetoggle", (event) => {
  if (event.newState === "open" && event.target.id === "views-menu") void begin(loadViews, ({ refresh }) => refresh());
}, true);

document.addEventListener("submit", (event) => {
  if (event.target.id !== "save-view") return;
  event.preventDefault();
  void begin(loadViews, ({ save }) => save(event.target));
});

async function begin(load, act) {
  if (coming.has(load)) return;
  coming.add(load);
  const module = await load().catch((error) => showNotice(`This could not be loaded (${error.message}). Try again.`, true));
  coming.delete(load);
  if (module) act(module);
}
