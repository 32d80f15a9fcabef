// The charts and their sections. Pure.

import { isDerived } from "./data/derived.js";
import { inOrder } from "./data/chart_settings.js";

const NONE = new Map();
const DERIVED = "derived/";

/** The text as a regular expression. {pattern: null} with a reason if it is invalid. */
export function parseFilter(text) {
  if (text === "") return { pattern: null, reason: null };
  try {
    return { pattern: new RegExp(text, "i"), reason: null };
  } catch (error) {
    return { pattern: null, reason: error.message.replace(/^Invalid regular expression: (\/.*\/\w*: )?/s, "") };
  }
}

/**
 * Metrics by the part before their first `/`, in the order in which they were declared, or were
 * moved to. Those without one come first, and before all the pinned ones. A metric that is drawn in
 * the chart of another has no section.
 *
 * @param {Map<string, {left: string[], right: string[]}>} together  see `combined` of data/chart_settings.js
 * @returns {{name: string, title: string, metrics: string[]}[]}
 */
export function sectionsOf(metrics, pins, pattern, { together = NONE, order = [] } = {}) {
  const othersOf = (metric) => Object.values(together.get(metric) ?? {}).flat();
  const elsewhere = new Set([...together.keys()].flatMap(othersOf));
  const own = metrics.filter((metric) => !elsewhere.has(metric));
  const shown = pattern ? own.filter((metric) => [metric, ...othersOf(metric)].some((one) => pattern.test(one))) : own;
  const pinned = pins.filter((metric) => own.includes(metric));
  const sections = new Map([[DERIVED, []], ["", []]]);
  for (const metric of shown) {
    if (pinned.includes(metric)) continue;
    const name = sectionName(metric);
    if (!sections.has(name)) sections.set(name, []);
    sections.get(name).push(metric);
  }
  const named = [...sections].filter(([, members]) => members.length).map(([name, members]) => ({ name, title: name === DERIVED ? "Derived" : name || "Metrics", metrics: inOrder(members, order) }));
  return pinned.length ? [{ name: "pinned/", title: "Pinned", metrics: pinned }, ...named] : named;
}

function sectionName(metric) {
  if (isDerived(metric)) return DERIVED;
  const at = metric.indexOf("/");
  return at > 0 ? metric.slice(0, at) : "";
}
