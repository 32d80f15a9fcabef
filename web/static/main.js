// Brings a page to life: reads the server's data (once, from #page-data), draws the charts, and
// follows the stream. htmx may swap parts of the page; then the page is read again.

import "./actions.js";
import { setParams } from "./address.js";
import { loadLibraries } from "./assets.js";
import { showBanner } from "./banner.js";
import { ChartGrid } from "./charts.js";
import { startClock } from "./clock.js";
import { unpackPoints } from "./columns.js";
import { showConnection } from "./connection.js";
import "./copy.js";
import { mountInsight, noteSweepChange } from "./insight.js";
import { LiveStream } from "./live.js";
import { OutputView } from "./output.js";
import { bindPointing, pointOut } from "./pointing.js";
import { requestRefresh } from "./refresh.js";
import { RunRows } from "./rows.js";
import { syncSelection } from "./selection.js";
import { bindOptions, readOptions } from "./settings.js";
import "./said.js";
import { SeriesStore } from "./store.js";
import { ValuesTable } from "./values_table.js";

const store = new SeriesStore();
const stream = new LiveStream(streamAddress, onEvent, showConnection);
let page = null;
let pageText = null;
let grid = null;
let output = null;
let rows = new RunRows();
let options = readOptions();
let followed = "";
let places = new Map(); // what the stream has reached: "sweep=ID" -> cursor
let turn = 0;
let hasCharts = null; // a promise: uPlot has arrived

function mount() {
  const element = document.querySelector("#page-data");
  if (!element) return;
  const text = element.dataset.page;
  const area = document.querySelector("[data-charts]");
  const isSame = text === pageText && (grid?.element ?? null) === area;
  page = JSON.parse(text);
  pageText = text;
  hasCharts ??= loadLibraries(page.assets);
  bindOptions(options, (chosen) => grid?.setOptions((options = chosen)));
  syncSelection(page.runs.map((run) => run.id));
  foldSidebar();
  mountInsight(page);
  if (isSame) return;
  for (const [key, place] of Object.entries(page.follow)) if (!places.has(key)) places.set(key, place);
  mountGrid(area);
  mountOutput();
  void showRuns();
}

function mountGrid(area) {
  if (grid?.element === area) return;
  grid?.destroy();
  rows = new RunRows();
  grid = area && new ChartGrid(area, store, options, pointOut);
}

function mountOutput() {
  const element = document.querySelector("#output");
  if (element === (output?.element ?? null)) return;
  output = element && new OutputView(element, document.querySelector("#output-bar"), page.output);
  if (!output) return;
  places.set(page.output.key, page.output.offset);
}

async function showRuns() {
  const mine = ++turn;
  const ids = page.runs.map((run) => run.id);
  store.keepOnly(ids);
  try {
    const [isDrawable] = await Promise.all([hasCharts, store.loadRuns(ids, page.points_href)]);
    if (grid && !isDrawable) showValues();
    if (grid) await grid.show(page.runs, metricsToShow(ids));
  } catch (error) {
    if (mine === turn) showBanner(`The points could not be loaded (${error.message}). Reload the page to try again.`);
  }
  if (mine === turn) follow();
}

/** Without uPlot: what the charts would draw, as tables. */
function showValues() {
  if (grid instanceof ValuesTable) return;
  const { element } = grid;
  grid.destroy();
  grid = new ValuesTable(element, store);
}

function metricsToShow(ids) {
  const names = store.names(ids);
  if (page.view !== "sweep") return names;
  fillMetricSelect(names);
  const chosen = document.querySelector("#metric").value;
  if (grid) grid.emptyText = page.is_over ? neverLogged(names) : undefined;
  return chosen ? [chosen] : [];
}

function neverLogged(names) {
  if (names.length === 0) return "These runs logged no metrics";
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  return `None of these runs logged it. They logged ${names.slice(0, 6).join(", ")}${more}.`;
}

function fillMetricSelect(names) {
  const select = document.querySelector("#metric");
  for (const name of names) if (![...select.options].some((option) => option.value === name)) select.add(new Option(name, name));
  if (select.dataset.bound) return;
  select.dataset.bound = "true";
  select.addEventListener("change", () => {
    setParams({ metric: select.value });
    void grid.show(page.runs, [select.value]);
  });
}

store.onNewMetric = (name) => {
  if (page.view !== "sweep") grid?.add(name);
  else {
    fillMetricSelect([name]);
    if (grid?.metrics.length === 0) void grid.show(page.runs, [document.querySelector("#metric").value]);
  }
};

// ---- The stream ----

function follow() {
  const wanted = JSON.stringify([page.runs.map((run) => run.id), Object.keys(page.follow), page.output?.key]);
  if (wanted === followed) return;
  followed = wanted;
  const kept = new Set([...Object.keys(page.follow), page.output?.key]);
  places = new Map([...places].filter(([key]) => kept.has(key)));
  stream.restart();
}

function streamAddress() {
  const parts = [...places].map(([key, place]) => parameter(key, place));
  for (const [id, cursor] of store.cursors(page.runs.map((run) => run.id))) parts.push(`run=${encodeURIComponent(`${id}:${cursor}`)}`);
  return parts.length ? `/events?${parts.join("&")}` : null;
}

/** ("sweep=ID", cursor) as a parameter; "catalog" has no ID, and its cursor stands alone. */
function parameter(key, place) {
  const [kind, ...rest] = key.split("=");
  const id = rest.join("=");
  return `${kind}=${encodeURIComponent(id ? `${id}:${place}` : place)}`;
}

const HANDLERS = {
  points: (event) => onPoints(unpackPoints(event)),
  reset({ run }) {
    store.empty(run);
    grid?.redraw();
  },
  runs(event) {
    places.set(`sweep=${event.sweep}`, event.cursor);
    noteSweepChange();
    const shown = page.view === "run" ? event.runs.filter((row) => row.id === page.runs[0]?.id) : event.runs;
    if (rows.update(shown)) requestRefresh();
  },
  sweep(event) {
    places.set(`sweep=${event.sweep}`, event.cursor);
    if (page.view === "sweep") requestRefresh();
  },
  catalog(event) {
    places.set("catalog", event.cursor);
    requestRefresh();
  },
  log(event) {
    if (page.output?.run !== event.run) return;
    places.set(page.output.key, event.offset);
    output?.take(event);
  },
  gone(event) {
    requestRefresh();
    askAgain(JSON.stringify(event));
  },
};

const askedAgain = new Set();

/** What the server did not find may only just have come: connect once more, but not for ever. */
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
  grid?.append(event, store.append(event));
}

// ---- Around the charts ----

/** On a narrow screen the list begins closed: what it lists is drawn below it. */
function foldSidebar() {
  const fold = document.querySelector(".sidebar-fold");
  if (!fold || fold.dataset.bound) return;
  fold.dataset.bound = "true";
  fold.open = !matchMedia("(max-width: 760px)").matches || page.runs.length === 0;
}

document.addEventListener("htmx:after:swap", mount);
bindPointing((runId) => grid?.highlight(runId));
startClock();
mount();
