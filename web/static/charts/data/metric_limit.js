// Of very many metrics the first are charted, and the page says so. Pure.

export const MOST_METRICS = 1000; // as MAX_METRICS of series_store.py

/** What a page says that shows `nShown` of `nAll` metrics. Nothing where it shows all. */
export function limitText(nShown, nAll, isSure = true) {
  if (nAll <= nShown) return "";
  const all = nAll.toLocaleString("en");
  return `Showing the first ${nShown.toLocaleString("en")} of ${isSure ? all : `at least ${all}`} metrics. ` +
    "Write the whole name of another into “Filter charts” to see it.";
}

/** The metric that a filter may mean though it is none of those shown. */
export function metricBeyond(filter, names) {
  return filter === "" || names.includes(filter) ? null : filter;
}
