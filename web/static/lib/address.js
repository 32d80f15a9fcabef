// The address holds what the page shows. Parameters of the charts are kept in every link and
// request to the same page, and change without a request to the server.

/**
 * Parameters of the charts. The server reads only `metric` and `derive`, and passes the others on.
 */
export const CHART_NAMES = [
  "smoothing", "x", "log", "outliers", "zoom", "group", "band", "over", "hide", "solo", "tags", "pin", "metric", "full", "fold", "unfold", "color", "cols",
  "chart", "place", "derive",
];

let held = null; // a snapshot is a file: its address is kept here

/** Use this text as the address from now on. The browser's stays as it is. */
export function holdAddress(search) {
  held ??= search;
}

export function params() {
  return new URLSearchParams(held ?? location.search);
}

/**
 * Change parameters of the address: a text, a list (one parameter each), or null to remove it.
 * `push`: add an entry to the history. `address:change` on the document reports changes that the
 * charts depend on.
 */
export function setParams(changes, { push = false } = {}) {
  const changed = changedParams(params(), changes);
  const search = changed.toString();
  if (held !== null) {
    held = search;
    return announce();
  }
  const address = location.pathname + (search && `?${search}`) + location.hash;
  if (address === location.pathname + location.search + location.hash) return;
  if (push) pushAddress(address);
  else history.replaceState(history.state, "", address);
  if (Object.keys(changes).some((name) => CHART_NAMES.includes(name))) announce();
}

/** htmx goes back only to entries with its mark. The one that the browser made has none. */
function pushAddress(address) {
  if (!history.state?.htmx) history.replaceState({ ...history.state, htmx: true }, "");
  history.pushState({ htmx: true }, "", address);
}

/** Pure: the parameters after the changes. Unchanged ones keep their place. */
export function changedParams(given, changes) {
  const changed = new URLSearchParams([...given].filter(([name]) => !Object.hasOwn(changes, name)));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) changed.append(name, one);
  }
  return changed;
}

/**
 * The part of the address that the server answers: two addresses with the same part are one page.
 */
export function servedAddress(address = location.pathname + location.search) {
  const [path, search = ""] = address.split("?");
  const rest = [...new URLSearchParams(search)].filter(([name]) => !CHART_NAMES.includes(name) || name === "metric" || name === "derive");
  return rest.length ? `${path}?${new URLSearchParams(rest)}` : path;
}

/** Pure: `address` with the charts' parameters of `search` in place of its own. */
export function carried(address, search) {
  const [path, own = ""] = address.split("?");
  const kept = [...new URLSearchParams(own)].filter(([name]) => !CHART_NAMES.includes(name));
  const charts = [...new URLSearchParams(search)].filter(([name]) => CHART_NAMES.includes(name));
  const all = new URLSearchParams([...kept, ...charts]).toString();
  return all ? `${path}?${all}` : path;
}

function announce() {
  document.dispatchEvent(new CustomEvent("address:change"));
}

// ---- Links and requests keep it. One with data-keep="false" has its own ----

function refreshLink(event) {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!link || link.dataset.keep === "false" || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== location.pathname || url.hash) return;
  const address = carried(url.pathname + url.search, location.search);
  if (address !== url.pathname + url.search) link.setAttribute("href", address);
}
for (const name of ["pointerover", "focusin", "click"]) document.addEventListener(name, refreshLink, true);

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.request.method !== "GET" || ctx.sourceElement.closest?.("[data-keep=false]")) return;
  const url = new URL(ctx.request.action || location.href, location.href);
  if (url.pathname !== location.pathname || ctx.request.headers["HX-History-Restore-Request"]) return;
  ctx.request.action = carried(url.pathname + url.search, location.search);
  for (const name of CHART_NAMES) ctx.request.body?.delete(name);
});

// ---- Back and forward: the server's answers are not requested again ----

let served = servedAddress();
const noteServed = () => (served = servedAddress());
document.addEventListener("htmx:after:history:push", noteServed);
document.addEventListener("htmx:after:history:replace", noteServed);

document.addEventListener("htmx:before:history:restore", (event) => {
  if (servedAddress() === served) event.preventDefault();
});
// only what has come is served: going back twice at once aborts the first request
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.request?.headers?.["HX-History-Restore-Request"] || ctx.refreshOf === servedAddress()) noteServed();
});
// until htmx is loaded, nothing else restores the server's answer
addEventListener("popstate", () => (globalThis.htmx || servedAddress() === served ? announce() : location.reload()));
