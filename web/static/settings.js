// How charts are drawn (smoothing, log scale): a preference of the reader, kept in the browser.

const KEY = "chart-options";

export function readOptions() {
  try {
    const { smoothing = 0, isLog = false } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return { smoothing: Math.min(0.99, Math.max(0, Number(smoothing) || 0)), isLog: Boolean(isLog) };
  } catch {
    return { smoothing: 0, isLog: false };
  }
}

/** Connect the controls, if this page has them. */
export function bindOptions(options, onChange) {
  const slider = document.querySelector("#smoothing"), log = document.querySelector("#log-scale");
  if (!slider || slider.dataset.bound) return;
  slider.dataset.bound = "true";
  const label = document.querySelector("#smoothing-value");
  slider.value = options.smoothing;
  label.value = options.smoothing || "off";
  log.checked = options.isLog;
  const changed = () => {
    const chosen = { smoothing: Number(slider.value), isLog: log.checked };
    label.value = chosen.smoothing || "off";
    localStorage.setItem(KEY, JSON.stringify(chosen));
    onChange(chosen);
  };
  slider.addEventListener("input", changed);
  log.addEventListener("change", changed);
}
