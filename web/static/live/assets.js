// Load the pinned files, from the CDN or this server, without making the page wait for them: the
// tables work while the CDN is slow or out of reach. The browser checks the bytes against
// `integrity`.

import { addressOf } from "../lib/base.js";
import { showBanner } from "../lib/notice.js";
import { showPartlyLive } from "./connection.js";

const PATIENCE_MS = 10_000;
const HTMX_AFTER_MS = 500;

/**
 * Load what every page needs, and report what is missing. Resolves to whether there can be charts.
 * htmx starts once the first charts are drawn: it goes through the whole page first.
 */
export function loadLibraries(assets, areDrawn) {
  if (!assets.uplot) return loadScript(assets.uplot);
  const charts = Promise.all([loadScript(assets.uplot), loadStyle(assets.uplot_style)]).then(([isThere]) => isThere);
  const htmx = Promise.race([areDrawn, wait(HTMX_AFTER_MS)]).then(() => loadScript(assets.htmx));
  void repeatEarlyChanges(htmx);
  void reportMissing(assets, charts, htmx);
  return charts;
}

/** What is chosen in a form before htmx listens takes effect as soon as it does. */
async function repeatEarlyChanges(htmx) {
  const changed = new Set();
  const note = ({ target }) => changed.add(target);
  document.addEventListener("change", note, true);
  await htmx;
  await wait(0); // htmx begins with a timer of its own
  document.removeEventListener("change", note, true);
  for (const element of changed) {
    if (element.isConnected && element.closest("[hx-trigger]")) element.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

async function reportMissing(assets, charts, htmx) {
  const [hasUplot, hasHtmx] = await Promise.all([charts, htmx]);
  if (!hasHtmx) showPartlyLive();
  const missing = [];
  if (!hasUplot) missing.push("charts need uPlot");
  if (!hasHtmx) missing.push("live tables need htmx");
  if (missing.length === 0) return;
  showBanner(`From ${new URL(assets.htmx.url, location).host} nothing could be loaded: ${missing.join(", and ")}. The tables, values, links and outputs on this page work. Reload it to see what is new.`);
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves to whether the script arrived, with the right bytes, in time. */
export function loadScript(asset) {
  if (!asset) return Promise.resolve(true); // a snapshot contains it
  const { url, integrity } = asset;
  const script = document.createElement("script");
  Object.assign(script, { src: placed(url), integrity, crossOrigin: "anonymous", async: true });
  return arrival(script);
}

function loadStyle({ url, integrity }) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: placed(url), integrity, crossOrigin: "anonymous" });
  return arrival(link);
}

/** An address on the CDN unchanged. One of this server below its base path. */
const placed = (url) => (url.startsWith("/") ? addressOf(url) : url);

function arrival(element) {
  return new Promise((resolve) => {
    element.addEventListener("load", () => resolve(true));
    element.addEventListener("error", () => resolve(false));
    setTimeout(() => resolve(false), PATIENCE_MS);
    document.head.append(element);
  });
}
