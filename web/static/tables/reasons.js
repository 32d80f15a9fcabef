// The full reason why a run ended: the short state in a table is a button that shows it beside
// itself.

import { make } from "../lib/elements.js";

const GAP_PX = 4, MARGIN_PX = 8;
let box = null;
// the button whose reason was open when the pointer was pressed on it, which closes it
let pressed = null;

document.addEventListener("pointerdown", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-why]") : null;
  pressed = button && isOpen(button) ? button : null;
}, true);

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-why]") : null;
  if (button && button !== pressed) show(button);
  pressed = null; // a key has no pointer
});

const isOpen = (button) => box?.matches(":popover-open") && box.dataset.why === button.dataset.why;

function show(button) {
  if (!box?.isConnected) document.body.append((box = made()));
  box.dataset.why = box.textContent = button.dataset.why;
  box.showPopover(); // Escape, and a press elsewhere, closes it; the focus goes back
  const { left, bottom, top } = button.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = box;
  const isBelowFree = bottom + GAP_PX + offsetHeight + MARGIN_PX <= innerHeight;
  box.style.left = `${Math.max(MARGIN_PX, Math.min(left, innerWidth - offsetWidth - MARGIN_PX))}px`;
  box.style.top = `${isBelowFree ? bottom + GAP_PX : Math.max(MARGIN_PX, top - GAP_PX - offsetHeight)}px`;
}

function made() {
  const element = make("div", "why-box");
  Object.assign(element, { popover: "auto", role: "dialog", ariaLabel: "Why it ended", tabIndex: -1, autofocus: true });
  element.id = "why";
  return element;
}
