// A thin bar at the top while something that the reader requested is loading: only after a moment,
// so that nothing flickers, and never for automatic refreshes.

const PATIENCE_MS = 250;

let nUnderWay = 0;
let timer = 0;

function begin() {
  nUnderWay += 1;
  if (nUnderWay === 1) timer = setTimeout(() => show(true), PATIENCE_MS);
}

function end() {
  nUnderWay = Math.max(0, nUnderWay - 1);
  if (nUnderWay > 0) return;
  clearTimeout(timer);
  show(false);
}

/** Show the bar while a promise is open. */
export async function whileLoading(promise) {
  begin();
  try {
    return await promise;
  } finally {
    end();
  }
}

function show(isOn) {
  document.documentElement.classList.toggle("is-loading", isOn);
  document.querySelector("#content")?.setAttribute("aria-busy", String(isOn));
}

const counted = new WeakSet();
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.refreshOf !== undefined) return;
  counted.add(ctx);
  begin();
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => counted.delete(ctx) && end());
