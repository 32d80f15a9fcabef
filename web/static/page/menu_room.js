// A menu opens below its button: where the window ends too soon the page moves a little, instead
// of the menu opening upward over what stands there. What is entered in it with Enter closes it.

const GAP = 12;
const TALLEST_PX = 560, TALLEST_PART = 0.7; // as `.menu` of table.css

document.addEventListener("beforetoggle", (event) => {
  const menu = event.target;
  if (event.newState !== "open" || !menu.matches(".menu[popover]")) return;
  const { top, bottom } = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  const missing = Math.min(TALLEST_PX, TALLEST_PART * innerHeight) + GAP - (innerHeight - bottom);
  const highest = document.querySelector(".topbar").offsetHeight + GAP;
  scrollBy({ top: Math.max(0, Math.min(missing, top - highest)), behavior: "instant" });
}, true);

document.addEventListener("submit", (event) => event.target.querySelector(".menu:popover-open")?.hidePopover());
