// How many logs the server has read, while averages over many runs are computed.

const EVERY_MS = 400;

/**
 * Ask repeatedly, and report, until the returned function is called.
 *
 * @param {(text: string) => void} onText  if there is a message
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

/** The averages come whether or not this succeeds. */
async function readProgress(url) {
  try {
    const response = await fetch(url, { cache: "no-store" });
    return response.ok ? await response.json() : {};
  } catch {
    return {};
  }
}

/** Pure. */
const progressText = (nRead, nRuns) => `${nRead.toLocaleString("en")} of ${nRuns.toLocaleString("en")} runs read`;
