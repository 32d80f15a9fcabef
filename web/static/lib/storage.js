// What the browser remembers for this server. In a frame of another site, and where a person
// forbids it, the browser throws instead: then nothing is remembered, and nothing else breaks.

/** @returns {string | null} what was kept under the name */
export function recall(name, { forTab = false } = {}) {
  return attempt(() => storage(forTab).getItem(name)) ?? null;
}

/** Keep a text under a name, or forget it (null); `forTab`: until the tab is closed. */
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
