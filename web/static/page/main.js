// Start a page's script: read the server's data (once, from #page-data), draw the charts, and
// follow the stream. htmx may swap parts of the page. Then the page is read again.

import { loadLibraries } from "../live/assets.js";
import { showBanner } from "../lib/notice.js";
import { ChartPage, showNoMetrics } from "../charts/page.js";
import { startClock } from "../live/clock.js";
import { unpackPoints } from "../charts/data/columns.js";
import { showConnection } from "../live/connection.js";
import "./keyboard.js";
import "./menus.js";
import "./on_demand.js";
import { changeAgain, lasting } from "../live/lasting.js";
import { LiveStream } from "../live/stream.js";
import { whileLoading } from "../lib/loading.js";
import { bindPointing, pointOut } from "../lib/pointing.js";
import { requestRefresh, requestRefreshWithin } from "../live/refresh.js";
import { RunRows } from "../tables/live_rows.js";
import { syncSelection } from "../tables/selection.js";
import { MediaPart } from "./media.js";
import "./theme_choice.js";
import { SeriesStore } from "../charts/data/store.js";
import { holdAddress } from "../lib/address.js";
import { addressOf } from "../lib/base.js";

const VALUES_AFTER_MS = 2000;
const WORDS_AFTER_MS = 10_000;
const store = new SeriesStore();
const stream = new LiveStream(streamAddress, onEvent, showConnection);
let page = null;
let pageText = null;
const charts = new ChartPage(store, pointOut);
let output = null;
let beside = null; // the ends of several outputs, if the page shows these
let hasOutput = null; // a promise: the output's part of the page has begun, if there is one
const media = new MediaPart(() => areDrawn, (error) => showIncomplete(error));
let insight = null; // a promise of the module, since a page first had its drawings
let rows = new RunRows();
let tables = null; // a promise of the module of tables, since a page first had one
let followed = "";
let places = new Map(); // the position in the stream: "sweep=ID" -> cursor
let turn = 0;
let hasCharts = null; // a promise: uPlot has arrived
let resolveDrawn;
const areDrawn = new Promise((resolve) => (resolveDrawn = resolve));

function mount() {
  const element = document.querySelector("#page-data");
  if (!element) return;
  const text = element.dataset.page;
  const area = document.querySelector("[data-charts]");
  const isSame = text === pageText && charts.element === area;
  page = JSON.parse(text);
  if (page.is_snapshot) holdAddress(page.search);
  pageText = text;
  hasCharts ??= loadLibraries(page.assets, areDrawn);
  if (charts.mount(page, area)) rows = new RunRows();
  syncSelection(page.runs.map((run) => run.id));
  foldSidebar();
  void mountInsight();
  mountTables();
  if (isSame) return;
  for (const [key, place] of Object.entries(page.follow)) if (!places.has(key)) places.set(key, place);
  hasOutput = Promise.all([mountOutput(), mountBeside()]);
  media.mount();
  void showRuns();
}

// Modules that only some pages need are loaded with the first of these (which preloads them).

async function mountInsight() {
  if (!insight && !document.querySelector("#insight-figure")) return;
  insight ??= import("../insight/main.js");
  await insight.then((module) => module.mountInsight(page)).catch(showIncomplete);
}

function mountTables() {
  if (tables || !document.querySelector("[data-table]")) return;
  tables = import("../tables/main.js").then(({ live }) => live);
  tables.catch((error) => {
    tables = null;
    showIncomplete(error);
  });
}

async function mountOutput() {
  const element = document.querySelector("#output");
  if (element === (output?.element ?? null)) return;
  output = null;
  if (!element) return;
  const { OutputView } = await import("../output/main.js");
  if (!element.isConnected) return;
  output = new OutputView(element, document.querySelector("#output-bar"), page.output);
  places.set(page.output.key, page.output.offset);
}

async function mountBeside() {
  const elements = [...document.querySelectorAll("[data-output-of]")];
  if (!beside && elements.length === 0) return;
  const { OutputsBeside } = await import("../output/beside.js");
  beside ??= new OutputsBeside();
  for (const [run, end] of await beside.mount(elements)) places.set(`log=${run}`, end);
}

/** The keys of the outputs that the page shows. */
const outputKeys = () => (page.output ? [page.output.key] : (page.outputs ?? []).map((run) => `log=${run}`));

/** The content of the drawings may have changed. */
function noteInsight() {
  void insight?.then((module) => module.noteSweepChange(), () => {});
}

function showIncomplete(error) {
  insight = null; // the next swap tries again
  showBanner(`A part of the page could not be loaded (${error.message}). Reload the page to try again.`);
}

async function showRuns() {
  const mine = ++turn;
  const ids = page.runs.map((run) => run.id);
  store.keepOnly(ids);
  try {
    const [isDrawable] = await whileLoading(Promise.all([hasCharts, store.loadRuns(ids, page.points_href)]));
    await charts.show(isDrawable);
    showNoMetrics(ids.length > 0 && store.names(ids).length === 0);
  } catch (error) {
    if (mine === turn) showBanner(`The points could not be loaded (${error.message}). Reload the page to try again.`);
  }
  resolveDrawn();
  await hasOutput.catch(showIncomplete); // output that arrives meanwhile would have no place
  if (mine === turn) follow();
}

store.onNewMetric = (name) => {
  showNoMetrics(false);
  charts.addMetric(name);
};

// ---- The stream ----

function follow() {
  const wanted = JSON.stringify([page.runs.map((run) => run.id), Object.keys(page.follow), outputKeys()]);
  if (wanted === followed) return;
  followed = wanted;
  const kept = new Set([...Object.keys(page.follow), ...outputKeys()]);
  places = new Map([...places].filter(([key]) => kept.has(key)));
  stream.restart();
}

function streamAddress() {
  if (page.is_snapshot) return null;
  const parts = [...places].map(([key, place]) => parameter(key, place));
  for (const [id, cursor] of store.cursors(page.runs.map((run) => run.id))) parts.push(`run=${encodeURIComponent(`${id}:${cursor}`)}`);
  return parts.length ? addressOf(`/events?${parts.join("&")}`) : null;
}

/** ("sweep=ID", cursor) as a parameter. "catalog" has no ID, only its cursor. */
function parameter(key, place) {
  const [kind, ...rest] = key.split("=");
  const id = rest.join("=");
  return `${kind}=${encodeURIComponent(id ? `${id}:${place}` : place)}`;
}

const HANDLERS = {
  points: (event) => onPoints(unpackPoints(event)),
  reset({ run }) {
    store.empty(run);
    charts.redraw();
  },
  runs(event) {
    const isNew = event.cursor !== places.get(`sweep=${event.sweep}`);
    places.set(`sweep=${event.sweep}`, event.cursor);
    noteInsight();
    const ids = new Set(page.runs.slice(0, page.view === "run" ? 1 : undefined).map((run) => run.id));
    const shown = page.view === "sweep" ? event.runs : event.runs.filter((row) => ids.has(row.id));
    if (rows.update(shown) && isNew) requestRefresh();
    else if (isBetterThanItsPlace(shown)) requestRefreshWithin(VALUES_AFTER_MS);
    lasting(() => rows.fill(shown));
  },
  curves(event) {
    if (page.sweep === event.sweep) lasting(() => void tables?.then((live) => live.showCurves(event.curves), () => {}));
  },
  sweep(event) {
    places.set(`sweep=${event.sweep}`, event.cursor);
    if (page.view === "sweep" && !isShown(event)) requestRefresh();
  },
  catalog(event) {
    places.set("catalog", event.cursor);
    noteInsight();
    requestRefresh();
  },
  log(event) {
    const key = `log=${event.run}`;
    if (!outputKeys().includes(key)) return;
    places.set(key, event.offset);
    (page.output ? output : beside)?.take(event);
  },
  media(event) {
    places.set(`media=${event.run}`, event.offset);
    if (media.note(event.run)) return;
    if (page.view === "compare") requestRefresh(); // its first image
    else if (page.view === "sweep") requestRefreshWithin(VALUES_AFTER_MS); // a column of its table
  },
  gone(event) {
    requestRefresh();
    askAgain(JSON.stringify(event));
  },
};

/**
 * Whether the page already shows the content of an event: a stream that starts again repeats it.
 */
function isShown({ cursor, ...summary }) {
  const shown = document.querySelector("#sweep-progress")?.dataset.summary;
  return shown !== undefined && JSON.stringify(JSON.parse(shown)) === JSON.stringify(summary);
}

/**
 * Whether the run of this page has a better value than the one by which the server has compared it
 * with the others.
 */
function isBetterThanItsPlace([row]) {
  const best = document.querySelector("#run-facts[data-best]")?.dataset.best;
  return best !== undefined && typeof row?.best_value === "number" && row.best_value !== Number(best);
}

const askedAgain = new Set();

/** What the server did not find may only just have been created: connect again, but not forever. */
function askAgain(what) {
  if (askedAgain.has(what)) return;
  askedAgain.add(what);
  setTimeout(() => stream.restart(), 1000);
}

function onEvent(name, data) {
  HANDLERS[name]?.(data);
}

function onPoints(event) {
  if (store.hasGap(event)) {
    store.forget(event.run);
    void showRuns();
    return;
  }
  lasting(() => void tables?.then((live) => live.fillCells(event), () => {}));
  charts.append(event, store.append(event));
  if (page.view === "compare") requestRefreshWithin(VALUES_AFTER_MS); // its table is the server's
  else if (page.view === "experiments" && document.querySelector("#insight")) {
    noteInsight();
    requestRefreshWithin(WORDS_AFTER_MS); // so is the text of the views
  } else if (page.has_provisional) noteInsight(); // values so far of objectives, and of constraints
}

// ---- Around the charts ----

/** On a narrow screen the list begins closed: what it lists is drawn below it. */
function foldSidebar() {
  const fold = document.querySelector(".sidebar-fold");
  if (!fold || fold.dataset.bound) return;
  fold.dataset.bound = "true";
  fold.open = !matchMedia("(max-width: 760px)").matches || page.runs.length === 0;
}

/** A "Copy" button has its text in `data-copy`. Only https and localhost have a clipboard. */
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!button) return;
  if (navigator.clipboard) await navigator.clipboard.writeText(button.dataset.copy);
  else getSelection().selectAllChildren(button.previousElementSibling);
  button.textContent = navigator.clipboard ? "Copied" : "Selected";
  setTimeout(() => (button.textContent = "Copy"), 1500);
});

/** The points are requested at once, and arrive while htmx puts the answer into the page. */
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const text = / id="page-data"[^>]* data-page='([^']*)'/.exec(ctx.text ?? "")?.[1];
  if (!text || (ctx.response?.status ?? 200) >= 400) return;
  const { runs, points_href: href } = JSON.parse(text);
  store.expectRuns(runs.map((run) => run.id), href);
});
document.addEventListener("htmx:finally:request", () => store.expectNothing());
document.addEventListener("htmx:after:swap", () => {
  mount();
  changeAgain();
});
bindPointing((runId) => charts.highlight(runId));
startClock();
mount();
