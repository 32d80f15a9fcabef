// All elements that show a run carry its id in data-run: pointing at one of them marks them all.

let highlight = () => {};

/** @param {(runId: string | null) => void} callback  marks the run in the charts */
export function bindPointing(callback) {
  highlight = callback;
}

/** Mark a run everywhere: in the charts, the legend and the table (null: none). */
export function pointOut(runId) {
  highlight(runId);
  document.dispatchEvent(new CustomEvent("run:point", { detail: runId }));
  for (const element of document.querySelectorAll("[data-run].is-pointed")) element.classList.remove("is-pointed");
  if (runId === null) return;
  for (const element of document.querySelectorAll(`[data-run="${CSS.escape(runId)}"]`)) element.classList.add("is-pointed");
}

const ofRun = (target) => (target instanceof Element ? target.closest("[data-run]") : null);

document.addEventListener("pointerover", (event) => {
  const element = ofRun(event.target);
  if (element && event.pointerType === "mouse") pointOut(element.dataset.run || null);
});
document.addEventListener("pointerout", (event) => {
  const element = ofRun(event.target);
  if (element && !element.contains(event.relatedTarget)) pointOut(null);
});
