// A reader's settings of single charts, as in the address: `chart=METRIC;title=…;y=0..1;log=1`. `;`
// and `%` within a name or a title are percent-encoded. Other settings are those of the page.
// own/writing.js writes them. Pure.

/** @typedef {{title: string, x: string, zoom: [number, number] | null, low: number | null, high: number | null,
 *   rightLow: number | null, rightHigh: number | null, isLog: boolean | null,
 *   smoothing: number | null, width: "" | "2" | "full", isTall: boolean, left: string[], right: string[]}} Own
 *   `x`: its horizontal axis as the address holds it, "": that of the page; `zoom`: the part of its own
 *   axis that is shown; `left`, `right`: other metrics in the same chart, by their axis
 */

const WIDTHS = ["2", "full"];
const X_MODES = ["step", "relative", "wall"];
export const MOST_TOGETHER = 6;
/** @type {Own} */
export const PLAIN = { title: "", x: "", zoom: null, low: null, high: null, rightLow: null, rightHigh: null, isLog: null, smoothing: null, width: "", isTall: false, left: [], right: [] };

/**
 * Settings by metric. Invalid parts are ignored.
 *
 * @returns {Map<string, Own>} by metric. Of what is not understood nothing is set
 */
export function readCharts(texts) {
  return new Map(texts.map(readChart).filter(([metric]) => metric !== ""));
}

function readChart(text) {
  const [metric, ...parts] = text.split(";");
  const given = parts.map((part) => [part.slice(0, part.indexOf("=")), decoded(part.slice(part.indexOf("=") + 1))]);
  const all = (name) => given.filter(([one]) => one === name).map(([, value]) => value);
  const [low, high] = ends(all("y")[0]), [rightLow, rightHigh] = ends(all("r")[0]), x = all("x")[0] ?? "", zoom = ends(all("zoom")[0]), log = all("log")[0], smoothing = number(all("smoothing")[0]);
  const others = [...all("with").map((name) => [name, "left"]), ...all("right").map((name) => [name, "right"])].slice(0, MOST_TOGETHER - 1);
  return [decoded(metric), {
    title: all("title")[0] ?? "",
    x: X_MODES.includes(x) || /^m\../s.test(x) ? x : "",
    zoom: zoom.includes(null) ? null : zoom,
    low, high, rightLow, rightHigh,
    isLog: log === "1" ? true : log === "0" ? false : null,
    smoothing: smoothing === null ? null : Math.min(0.999, Math.max(0, smoothing)),
    width: WIDTHS.includes(all("width")[0]) ? all("width")[0] : "",
    isTall: all("height")[0] === "tall",
    left: others.filter(([, side]) => side === "left").map(([name]) => name),
    right: others.filter(([, side]) => side === "right").map(([name]) => name),
  }];
}

/** The horizontal axis in the address as `x` and `xMetric` of a view. */
export function xOf(text) {
  const xMetric = /^m\.(.+)/s.exec(text ?? "")?.[1] ?? null;
  return { x: xMetric ? "metric" : X_MODES.includes(text) ? text : "step", xMetric };
}

/** The horizontal axis as it is in the address. */
export const xParameter = ({ x, xMetric }) => (x === "metric" ? `m.${xMetric}` : x);

/**
 * The view of one chart: its own settings, then those of the page. With its own x it has its own
 * zoom.
 */
export function ownView(view, own) {
  if (!own) return view;
  const { low, high, rightLow, rightHigh } = own, hasOwnX = own.x !== "" && own.x !== xParameter(view);
  const across = hasOwnX ? { ...xOf(own.x), hasOwnX, zoom: own.zoom, isLogX: view.isLogX && own.x !== "wall" } : {};
  return { ...view, smoothing: own.smoothing ?? view.smoothing, isLogY: own.isLog ?? view.isLogY, low, high, rightLow, rightHigh, ...across };
}

/** How many columns of the page the charts of a section take. */
export const widthOf = (metrics, charts) => metrics.reduce((sum, metric) => sum + ({ 2: 2, full: 4 }[charts.get(metric)?.width] ?? 1), 0);

const LEAST_PX = 260, LEAST_IN_PANEL_PX = 224, BEST_PX = 360, BEST_IN_PANEL_PX = 280, WIDEST_PX = 560, PANEL_PADDING_PX = 32, GAP_PX = 12;
const NARROW_PX = 700; // a page this narrow has one column, or two, whatever was chosen
const COST_OF_SIZE = 0.2;

/**
 * Pure: how many columns of charts a page has: the chosen number, or the one that leaves the least
 * room empty with charts of about the best width, and no more than there are charts.
 *
 * @param {number[]} widths  how many columns each section would take (0: it is folded)
 */
export function columnsOf(px, widths, { isInPanel = false, chosen = null } = {}) {
  const [least, wanted] = isInPanel ? [LEAST_IN_PANEL_PX, BEST_IN_PANEL_PX] : [LEAST_PX, BEST_PX], room = px - (isInPanel ? PANEL_PADDING_PX : 0) + GAP_PX;
  const all = widths.reduce((sum, one) => sum + one, 0), most = Math.max(1, Math.floor(room / (least + GAP_PX)));
  if (chosen !== null && px >= NARROW_PX) return Number(chosen);
  let best = Math.max(1, Math.min(most, all || most)), lowest = Infinity;
  for (let n = best; n >= 1 && (n === best || room / n - GAP_PX <= WIDEST_PX); n -= 1) {
    const cost = emptyShare(widths, n) + COST_OF_SIZE * Math.abs(room / n - GAP_PX - wanted) / wanted;
    if (cost < lowest) [best, lowest] = [n, cost];
  }
  return best;
}

/** The share of the rows that is empty if sections come one after the other. */
function emptyShare(widths, n) {
  let nRows = 0, inRow = n;
  for (const width of widths) {
    const span = Math.max(1, Math.min(width, n));
    if (inRow + span > n) (nRows += 1), (inRow = 0);
    inRow += span;
    if (width > n) (nRows += Math.ceil(width / n) - 1), (inRow = n);
  }
  const filled = widths.reduce((sum, width) => sum + Math.max(1, width), 0);
  return nRows ? 1 - filled / (nRows * n) : 0;
}

/**
 * Pure: how many of the columns a section takes. A folded one is a word. If the number was chosen,
 * each section begins a row.
 */
export const spanOf = (width, nColumns, isChosen) => (isChosen && width > 0 ? nColumns : Math.max(1, Math.min(width, nColumns)));

/**
 * Which charts draw which other metrics: each metric in one chart at most, and only logged ones.
 *
 * @param {string[]} metrics  that have a chart, unless they are in another's
 * @param {string[]} known  all metrics of the runs
 * @returns {Map<string, {left: string[], right: string[]}>}  by the metric whose chart it is
 */
export function combined(metrics, charts, known = metrics) {
  const found = new Map(), taken = new Set(), all = new Set(known), own = new Set(metrics);
  for (const [metric, { left, right }] of charts) {
    if (!own.has(metric) || taken.has(metric)) continue;
    const free = (names) => names.filter((name) => name !== metric && all.has(name) && !found.has(name) && !taken.has(name));
    const sides = { left: free(left), right: free(right) };
    if (sides.left.length + sides.right.length === 0) continue;
    found.set(metric, sides);
    for (const name of [...sides.left, ...sides.right]) taken.add(name);
  }
  return found;
}

// ---- Their order ----

/**
 * Metrics in the order that a reader gave them. Those that were not moved follow in their usual
 * order.
 */
export function inOrder(metrics, order) {
  if (order.length === 0) return metrics;
  const moved = order.filter((metric) => metrics.includes(metric));
  return [...moved, ...metrics.filter((metric) => !moved.includes(metric))];
}

function decoded(text) {
  return text.replace(/%(25|3B)/gi, decodeURIComponent);
}

function ends(text = "") {
  const [low, high] = text.split("..").map(number);
  const isInOrder = low === null || high == null || low < high;
  return isInOrder ? [low, high ?? null] : [null, null];
}

function number(text) {
  return text === undefined || text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
}
