// The lines of an axis, and the labels of a logarithmic one. Pure.

import { formatTicks } from "../../lib/format.js";

const MOST_TICKS = 7;
const LONGEST = 1e300;
const LETTER_PX = 6.2, APART_PX = 5, EDGE_PX = 4; // labels that are cut by this little can be read
const MINUTE = 60, HOUR = 3600, DAY = 86_400;
const SPANS = [0.001, 0.01, 0.1, 1, 10, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 10 * DAY, 100 * DAY, 1000 * DAY];

/**
 * Round numbers that divide the range into `most` parts or fewer; `digits`: their possible
 * distances, times a power of ten.
 */
export function linearTicks(low, high, most, digits = [1, 2, 2.5, 5, 10]) {
  const length = high - low;
  if (!(length > 0)) return [low];
  if (length > LONGEST) return linearTicks(low / 1e9, high / 1e9, most, digits).map((tick) => tick * 1e9);
  const least = length / most, power = Math.floor(Math.log10(least));
  const digit = digits.find((one) => timesPower(one, power) >= least * (1 - 1e-9));
  return multiples(low, high, digit, power);
}

/** The multiples of a distance within two numbers. A single one if they are too large for it. */
function multiples(low, high, digit, power) {
  const gap = timesPower(digit, power), first = Math.ceil(low / gap - 1e-9), n = Math.floor((high - low) / gap) + 2;
  const found = Array.from({ length: n }, (_, i) => timesPower((first + i) * digit, power));
  return found.filter((tick, i) => tick >= low - gap * 1e-9 && tick <= high + gap * 1e-9 && tick !== found[i - 1]);
}

/** Ticks at a given distance. */
export function ticksApart(low, high, gap) {
  return multiples(low, high, gap, 0);
}

/**
 * Powers of ten if there are several. Else 1, 2 and 5 times them. Within a decade round numbers.
 */
export function logTicks(low, high) {
  if (!(low > 0) || !(high > low)) return [low];
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first >= 2) {
    const every = Math.ceil((last - first + 1) / MOST_TICKS);
    const powers = [];
    for (let power = Math.ceil(first / every) * every; power <= last; power += every) powers.push(timesPower(1, power));
    return powers;
  }
  const found = [];
  for (let power = first - 1; power <= last; power++) for (const digit of [1, 2, 5]) found.push(timesPower(digit, power));
  const inside = found.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  return inside.length >= 3 ? inside : longer(inside, linearTicks(low, high, 4, [1, 2, 5, 10]));
}

/** Ticks for seconds: if there are several, units of time and ten of each. */
export function logSpans(low, high) {
  const inside = SPANS.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  if (inside.length < 3) return logTicks(low, high);
  const every = Math.ceil(inside.length / MOST_TICKS);
  return inside.filter((_, i) => i % every === 0);
}

/** Labels of these: each by itself if they span decades, else all with the same decimals. */
export function logLabels(ticks) {
  const isEven = ticks.length > 2 && Math.abs(ticks[2] - 2 * ticks[1] + ticks[0]) < 1e-6 * Math.abs(ticks[2]);
  return isEven ? formatTicks(ticks) : ticks.map((tick) => formatTicks([tick])[0]);
}

/**
 * Labels, the middles of which are at these pixels of `width`: without overlap or crossing an edge,
 * but at least one.
 */
export function withoutOverlap(labels, places, width, letterPx = LETTER_PX) {
  const shown = labels.map(() => "");
  let free = -EDGE_PX;
  labels.forEach((label, i) => {
    const half = widthOf(label, letterPx) / 2;
    if (!label || places[i] - half < free || places[i] + half > width + EDGE_PX) return;
    shown[i] = label;
    free = places[i] + half + APART_PX;
  });
  if (shown.some(Boolean) || labels.length === 0) return shown;
  const off = places.map((place) => Math.abs(place - width / 2)), middle = off.indexOf(Math.min(...off));
  return labels.map((label, i) => (i === middle ? label : ""));
}

const widthOf = (label, letterPx) => [...label].reduce((sum, one) => sum + (" .:\u2009".includes(one) ? letterPx / 2 : letterPx), 0);

const longer = (one, other) => (one.length > other.length ? one : other);

/** To the last digit: a product with 0.001 is not exact. */
function timesPower(digit, power) {
  return Math.abs(digit) < 1e21 ? Number(`${digit}e${power}`) : digit * 10 ** power;
}
