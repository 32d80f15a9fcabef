// A table that is wider than its container shows a shadow at the edge where there is more of it.

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target.closest(".table-scroll"))));
const watched = new WeakSet();

function mark(scroll) {
  if (!scroll?.isConnected) return;
  const rest = scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft;
  scroll.classList.toggle("has-left", scroll.scrollLeft > 1);
  scroll.parentElement.classList.toggle("has-right", rest > 1);
}

function mount() {
  for (const scroll of document.querySelectorAll(".table-scroll[data-table]")) {
    mark(scroll);
    if (watched.has(scroll)) continue;
    watched.add(scroll);
    scroll.addEventListener("scroll", () => mark(scroll), { passive: true });
    sizes.observe(scroll);
    sizes.observe(scroll.querySelector("table"));
  }
}

document.addEventListener("htmx:after:swap", mount);
mount();
