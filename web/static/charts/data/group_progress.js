// Of how many runs the server has read the logs, while averages over many of them are waited for.

const EVERY_MS = 400;

/**
 * Ask now and then, and tell, until the function that is returned is called.
 *
 * @param {(text: string) => void} onText  where there is something to say
 */
export function followProgress(url, onText) {
  let timer = setTimeout(ask, EVERY_MS);
  async function ask() {
    const { n_read, n_runs } = await readProgress(url);
    if (timer === null) return;
    if (n_runs > 0) onText(progressText(n_read, n_runs));
    timer = setTimeout(ask, EVERY_MS);
  }
  return () => {
    clearTimeout(timer);
    timer = null;
  };
}

/** The averages come whether or not this does. */
async function readProgress(url) {
  try {
    const response = await fetch(url, { cache: "no-store" });
    return response.ok ? await response.json() : {};
  } catch {
    return {};
  }
}

/** Pure. */
export const progressText = (nRead, nRuns) => `${nRead.toLocaleString("en")} of ${nRuns.toLocaleString("en")} runs read`;
