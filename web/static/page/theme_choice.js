// The switch of the theme: as the system, light, dark. The choice applies to all pages of this
// browser; theme_first.js applies it before a page is drawn.

import { keep } from "../lib/storage.js";
import { themeChanged } from "../lib/theme.js";

const KEY = "theme";
const CHOICES = ["system", "light", "dark"];
const WORDS = { system: "as the system", light: "light", dark: "dark" };

const current = () => document.documentElement.dataset.theme ?? "system";

function apply(choice) {
  const { dataset } = document.documentElement;
  if (choice === "light" || choice === "dark") dataset.theme = choice;
  else delete dataset.theme;
  label();
  themeChanged();
}

/** Show the current theme on the button. */
function label() {
  const button = document.querySelector("#theme-button");
  if (!button) return;
  const next = CHOICES[(CHOICES.indexOf(current()) + 1) % CHOICES.length];
  button.dataset.choice = current();
  button.ariaLabel = `Theme: ${WORDS[current()]}`;
  button.title = `Theme: ${WORDS[current()]}. Click: ${WORDS[next]}`;
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element) || !target.closest("#theme-button")) return;
  const next = CHOICES[(CHOICES.indexOf(current()) + 1) % CHOICES.length];
  keep(KEY, next === "system" ? null : next);
  apply(next);
});

addEventListener("storage", ({ key, newValue }) => key === KEY && apply(newValue ?? "system")); // another tab
document.addEventListener("htmx:after:swap", label);
label();
