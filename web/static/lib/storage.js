// What the browser remembers for this server. In a frame of another site, and if the user forbids
// it, the browser throws instead: then nothing is remembered, and nothing else breaks.

/** @returns {string | null} the text stored under the name */
export function recall(name, { forTab = false } = {}) {
  return attempt(() => storage(forTab).getItem(name)) ?? null;
}

/** Store a text under a name, or remove it (null); `forTab`: until the tab is closed. */
export function keep(name, text, { forTab = false } = {}) {
  attempt(() => (text === null ? storage(forTab).removeItem(name) : storage(forTab).setItem(name, text)));
}

const storage = (forTab) => (forTab ? sessionStorage : localStorage);

function attempt(use) {
  try {
    return use();
  } catch {
    return undefined;
  }
}
