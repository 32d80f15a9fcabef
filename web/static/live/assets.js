// Loads the pinned files, from the CDN or this server, without making the page wait for them: the
// tables work while the CDN is slow or out of reach. The browser checks the bytes against `integrity`.

import { addressOf } from "../lib/base.js";
import { showBanner } from "../lib/notice.js";
import { showPartlyLive } from "./connection.js";

const PATIENCE_MS = 10_000;
const HTMX_AFTER_MS = 500;

/**
 * Load what every page needs, and say what did not come. Resolves to whether there can be charts.
 * htmx starts once the first charts are drawn: it goes through the whole page first.
 */
export function loadLibraries(assets, areDrawn) {
  if (!assets.uplot) return loadScript(assets.uplot);
  const charts = Promise.all([loadScript(assets.uplot), loadStyle(assets.uplot_style)]).then(([isThere]) => isThere);
  void sayMissing(assets, charts, Promise.race([areDrawn, wait(HTMX_AFTER_MS)]).then(() => loadScript(assets.htmx)));
  return charts;
}

async function sayMissing(assets, charts, htmx) {
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
  if (!asset) return Promise.resolve(true); // a snapshot holds it
  const { url, integrity } = asset;
  const script = document.createElement("script");
  Object.assign(script, { src: placed(url), integrity, crossOrigin: "anonymous", async: true });
  return arrival(script);
}

export function loadStyle({ url, integrity }) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: placed(url), integrity, crossOrigin: "anonymous" });
  return arrival(link);
}

/** An address on the CDN as it is. One of this server below the path that it is reached at. */
const placed = (url) => (url.startsWith("/") ? addressOf(url) : url);

function arrival(element) {
  return new Promise((resolve) => {
    element.addEventListener("load", () => resolve(true));
    element.addEventListener("error", () => resolve(false));
    setTimeout(() => resolve(false), PATIENCE_MS);
    document.head.append(element);
  });
}
