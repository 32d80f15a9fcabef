// A row that is pointed at, or has the keyboard focus, stays where it is on the screen while rows
// are added and removed above it.

let pointer = null;
let held = null;

document.addEventListener("pointermove", ({ clientX, clientY, pointerType }) => (pointer = pointerType === "mouse" ? [clientX, clientY] : null));
document.addEventListener("pointerleave", () => (pointer = null));
document.addEventListener("scroll", () => (held = null), true);

const rowOf = (element) => element?.closest?.("table.runs tbody tr[id]") ?? null;

/** Remember the row before the page changes. It is put back after the change. */
export function holdRow() {
  const row = rowOf(pointer && document.elementFromPoint(...pointer)) ?? rowOf(document.activeElement);
  held = row && { id: row.id, top: row.getBoundingClientRect().top };
}

function putBack() {
  const row = held && document.getElementById(held.id);
  if (!row) return;
  const { top } = held;
  const scroll = row.closest(".table-scroll");
  scroll.scrollTop += row.getBoundingClientRect().top - top;
  scrollBy({ top: row.getBoundingClientRect().top - top, behavior: "instant" });
  held = null;
}

/** After all others have laid out their changes. */
document.addEventListener("htmx:after:swap", () => queueMicrotask(putBack));
