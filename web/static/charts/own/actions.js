// The actions on one chart. Their modules are loaded on first use.

/** Fill the menu of a chart: see menu.js. */
export async function openMenu(chart, list, page) {
  const { fillMenu } = await import("./menu.js");
  fillMenu(chart, list, page);
}

/** Drag a chart by its title: `event` may be the beginning. */
export async function dragTitle(event, metrics, restore) {
  const isTitle = event.button === 0 && event.pointerType === "mouse" && event.target.closest(".chart-head") && !event.target.closest("button, .chart-menu");
  if (!isTitle || !event.target.closest(".chart-grid") || event.target.closest(".charts-single")) return;
  event.preventDefault(); // no text is selected
  const meanwhile = [], note = (one) => meanwhile.push(one), types = ["pointermove", "pointerup", "pointercancel"];
  for (const type of types) addEventListener(type, note, true);
  const { dragChart } = await import("./moving.js");
  for (const type of types) removeEventListener(type, note, true);
  const take = dragChart(event, metrics(), restore);
  meanwhile.forEach(take); // what happened before the module was loaded
}
