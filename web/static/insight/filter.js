// Filters of the table, set by brushing: they are in the address, and table, charts and drawings
// follow. A link of the panel makes the request, so that going back restores the earlier state.

import { changedParams, params } from "../lib/address.js";

/** Replace the filters of one key (`p.NAME`, `m.METRIC`) by these values (none: no filter). */
export function filterBy(key, values) {
  askFor(key, values, { page: null });
}

/** Request the page with these values of a parameter from the server. */
export function askFor(key, values, more = {}) {
  const given = params();
  const before = given.getAll(key);
  if (before.length === values.length && before.every((value, n) => value === values[n])) return;
  const search = changedParams(given, { [key]: values, ...more }).toString();
  const link = document.querySelector("#insight-filter");
  link.href = search ? `?${search}` : location.pathname;
  link.click();
}

/** The values of a key's filters. */
export function filtersOf(key) {
  return params().getAll(key);
}
