// Which charts there are, in which sections. Pure.

/** The text as a regular expression; {pattern: null} with a reason where it is none. */
export function parseFilter(text) {
  if (text === "") return { pattern: null, reason: null };
  try {
    return { pattern: new RegExp(text, "i"), reason: null };
  } catch (error) {
    return { pattern: null, reason: error.message.replace(/^Invalid regular expression: (\/.*\/\w*: )?/s, "") };
  }
}

/**
 * Metrics by what is before their first `/`, in the order in which they were declared; those
 * without one come first, and before all the pinned ones.
 *
 * @returns {{name: string, title: string, metrics: string[]}[]}
 */
export function sectionsOf(metrics, pins, pattern) {
  const shown = pattern ? metrics.filter((metric) => pattern.test(metric)) : metrics;
  const pinned = pins.filter((metric) => metrics.includes(metric));
  const sections = new Map([["", []]]);
  for (const metric of shown) {
    if (pinned.includes(metric)) continue;
    const name = sectionName(metric);
    if (!sections.has(name)) sections.set(name, []);
    sections.get(name).push(metric);
  }
  const named = [...sections].filter(([, members]) => members.length).map(([name, members]) => ({ name, title: name || "Metrics", metrics: members }));
  return pinned.length ? [{ name: "pinned/", title: "Pinned", metrics: pinned }, ...named] : named;
}

function sectionName(metric) {
  const at = metric.indexOf("/");
  return at > 0 ? metric.slice(0, at) : "";
}
