// Format numbers and times for people. The same rules as formats.py. Pure.

const MOST_DIGITS = 7;
const MINUTE = 60, HOUR = 3600, DAY = 86400;
const minus = (text) => text.replace(/^-/, "\u2212");
const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
const two = (n) => String(n).padStart(2, "0");

/** As many digits as are needed: at most five significant ones, or those to the place `last`. */
export function formatNumber(value, last = Infinity) {
  if (typeof value !== "number") return value == null ? "–" : String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return minus(String(value));
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 6) return minus(trimmed(value.toFixed(Math.max(0, 4 - exponent, -last))));
  const [mantissa, power] = value.toExponential(Math.max(3, exponent - last)).split("e");
  return minus(`${trimmed(mantissa)}e${Number(power)}`);
}

export function formatStep(step) {
  if (step == null) return "–";
  return minus(grouped(String(Math.round(step))));
}

/** A count for a sentence: "5,000". */
export const counted = (n) => n.toLocaleString("en");

/** A count on a chart: from ten thousand on in three digits. */
export function formatCount(n) {
  return n < 10_000 ? formatStep(n) : shortened(Number(n.toPrecision(3)));
}

/** The digits before the point in groups of three, by thin spaces. */
function grouped(text) {
  const [whole, ...rest] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, "\u2009"), ...rest].join(".");
}

export function formatDuration(seconds) {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} m ${two(whole % MINUTE)} s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} m`;
  return `${Math.floor(whole / DAY)} d ${two(Math.floor((whole % DAY) / HOUR))} h`;
}

/** How long ago; `null` if a date is better (the server wrote it). */
export function formatAgo(seconds) {
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)} d ago`;
  return null;
}

/** A size in powers of 1024, with three digits at most. */
export function formatBytes(bytes) {
  let size = bytes, unit = 0;
  for (; size >= 1000 && unit < 3; unit++) size /= 1024;
  return `${unit ? Number(size.toPrecision(2)) : size} ${["B", "KiB", "MiB", "GiB"][unit]}`;
}

/** Labels of an axis' ticks: all with the digits that their distance needs. */
export function formatTicks(ticks) {
  const shown = ticks.filter((tick) => tick != null);
  const write = shown.length > 0 && writerOf(shown);
  return ticks.map((tick) => (tick == null ? "" : write(tick)));
}

function writerOf(shown) {
  const largest = Math.max(...shown.map(Math.abs));
  const gap = (shown.length > 1 && Math.abs(shown[1] - shown[0])) || largest;
  const place = lastPlace(gap);
  return largest > 0 && exponentOf(largest) - place >= MOST_DIGITS ? differences(shown, gap) : evenWriter(largest, place);
}

function evenWriter(largest, place) {
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3)) return (tick) => shortened(tick, place);
  return (tick) => (tick === 0 ? "0" : minus(grouped(tick.toFixed(Math.max(0, -place)))));
}

/**
 * For values that differ only in their last digits: the shortest of them, and how far the others
 * are from it.
 */
function differences(shown, gap) {
  const base = shown.reduce((a, b) => (String(b).length < String(a).length ? b : a));
  const unit = Number(gap.toPrecision(2)), fromBase = (tick) => Math.round((tick - base) / unit) * unit;
  const write = evenWriter(Math.max(...shown.map((tick) => Math.abs(fromBase(tick)))), lastPlace(unit));
  return (tick) => (tick === base ? whole(base) : `${tick > base ? "+" : ""}${write(fromBase(tick))}`);
}

/** A number with all of its digits. */
function whole(value) {
  const size = Math.abs(value), digits = value.toExponential().split("e")[0].length;
  if (size >= 1e6 && digits < MOST_DIGITS) return shortened(value, exponentOf(size) - MOST_DIGITS);
  return minus(size >= 1e-3 && size < 1e15 ? grouped(String(value)) : value.toExponential().replace("e+", "e"));
}

const exponentOf = (size) => Number(size.toExponential().split("e")[1]);

/** The power of ten of the last digit that distinguishes ticks at a distance. */
function lastPlace(gap) {
  let n = 0;
  while (n < 5 && Math.abs(Number(gap.toExponential(n)) - gap) > 1e-6 * gap) n++;
  return exponentOf(gap) - n;
}

/** With three decimals, or as many as it takes to the place `last`. */
function shortened(value, last = Infinity) {
  const size = Math.abs(value);
  for (const [power, letter] of [[9, "G"], [6, "M"], [3, "k"]]) {
    const unit = 10 ** power;
    if (size >= unit && size < unit * 1000) return minus(trimmed((value / unit).toFixed(Math.max(3, power - last))) + letter);
  }
  return formatNumber(value, last);
}

/** A time since the start on an axis: the largest unit that fits, and the next. */
export function formatSpan(seconds) {
  if (seconds < 0) return minus(`-${formatSpan(-seconds)}`);
  if (seconds < MINUTE) return `${trimmed(seconds.toFixed(seconds < 0.1 ? 6 : 3))} s`;
  const whole = Math.round(seconds);
  const [unit, next, names] = whole < HOUR ? [MINUTE, 1, "ms"] : whole < DAY ? [HOUR, MINUTE, "hm"] : [DAY, HOUR, "dh"];
  const rest = Math.round((whole % unit) / next);
  return `${Math.floor(whole / unit)} ${names[0]}${rest ? ` ${rest} ${names[1]}` : ""}`;
}

/** A moment on an axis whose ticks are `distance_s` apart: the date where a new day begins. */
export function formatClock(seconds, distance_s, previous) {
  const date = new Date(seconds * 1000);
  const day = date.toLocaleDateString("en", { month: "short", day: "numeric" });
  if (distance_s >= DAY) return day;
  const decimals = distance_s >= 1 ? 0 : Math.min(3, -lastPlace(distance_s));
  const parts = [two(date.getHours()), two(date.getMinutes())];
  if (distance_s < MINUTE) parts.push(two(date.getSeconds()) + (decimals ? (date.getMilliseconds() / 1000).toFixed(decimals).slice(1) : ""));
  const time = parts.join(":");
  const isNewDay = previous == null || new Date(previous * 1000).getDate() !== date.getDate();
  return isNewDay && date.getHours() === 0 && date.getMinutes() === 0 ? day : time;
}

// ---- Moments: in the browser's time zone, which is named ----

const dateOf = (seconds) => {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date;
};

let zones = null; // making one takes longer than a hundred uses of it
const zoneOf = (date) => (zones ??= new Intl.DateTimeFormat("en", { timeZoneName: "short" })).formatToParts(date).find(({ type }) => type === "timeZoneName").value;

/** Same as `format_clock`: "2026-11-23 10:15:02 GMT+1". */
export function formatMoment(seconds) {
  const date = dateOf(seconds);
  if (date === null) return "–";
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${formatDay(seconds)} ${time} ${zoneOf(date)}`;
}

/** "2026-11-23". */
export function formatDay(seconds) {
  const date = dateOf(seconds);
  return date === null ? "–" : [String(date.getFullYear()).padStart(4, "0"), two(date.getMonth() + 1), two(date.getDate())].join("-");
}

/** A moment at the pointer: "Nov 28, 22:20:05 EST". */
export function formatPointed(seconds) {
  const options = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  return dateOf(seconds)?.toLocaleString("en", options) ?? "–";
}

/** The range of a time axis: "Nov 27 – 28, 2026, EST". */
export function formatDays(first, last) {
  const [from, to] = [dateOf(first), dateOf(last)];
  if (from === null || to === null || from > to) return "Time";
  const days = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric" });
  return `${days.formatRange(from, to)}, ${zoneOf(to)}`;
}

/** A text with its middle cut out if it is longer than this many letters. */
export function middleCut(text, most) {
  if (text.length <= most) return text;
  const nEnd = Math.floor((most - 1) / 2);
  return `${text.slice(0, Math.ceil(most) - 1 - nEnd)}…${text.slice(-nEnd)}`;
}
