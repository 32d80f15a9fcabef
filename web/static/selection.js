// The form of the experiments list: ticks follow the address, and an empty selection is one too.

/** Tick exactly the runs that are drawn. */
export function syncSelection(runIds) {
  const drawn = new Set(runIds);
  for (const box of document.querySelectorAll("#run-picker input[type=checkbox]")) box.checked = drawn.has(box.value);
}

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.id !== "run-picker") return;
  if (request.body.get("q") === "") request.body.delete("q");
  const { target, type } = event.detail.ctx.sourceEvent;
  const isSearch = type === "submit" || target.id === "run-search";
  if (isSearch && !new URLSearchParams(location.search).has("run")) request.body.delete("run");
  else if (!request.body.has("run")) request.body.set("run", "");
});
