// If there are very many metrics only the first ones are charted, with a message. Pure.

export const MOST_METRICS = 1000; // as MAX_METRICS of series_store.py

/** The message of a page that shows `nShown` of `nAll` metrics. Empty if it shows all. */
export function limitText(nShown, nAll, isSure = true) {
  if (nAll <= nShown) return "";
  const all = nAll.toLocaleString("en");
  return `Showing the first ${nShown.toLocaleString("en")} of ${isSure ? all : `at least ${all}`} metrics. ` +
    "Write the whole name of another into “Filter charts” to see it.";
}

/** The metric that a filter may mean although it is not shown. */
export function metricBeyond(filter, names) {
  return filter === "" || names.includes(filter) ? null : filter;
}
