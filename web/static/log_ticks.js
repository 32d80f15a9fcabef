// Where the lines of a logarithmic axis are, and what stands beside them. Pure.

import { formatTicks } from "./format.js";

const MOST_TICKS = 7;
const MINUTE = 60, HOUR = 3600, DAY = 86_400;
const SPANS = [0.001, 0.01, 0.1, 1, 10, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 10 * DAY, 100 * DAY, 1000 * DAY];

/** Powers of ten where there are several; else 1, 2 and 5 times them; within a decade round numbers. */
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
  return inside.length >= 3 ? inside : roundTicks(low, high);
}

/** The same of seconds: where there are several, units of time and ten of each. */
export function logSpans(low, high) {
  const inside = SPANS.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  if (inside.length < 3) return logTicks(low, high);
  const every = Math.ceil(inside.length / MOST_TICKS);
  return inside.filter((_, i) => i % every === 0);
}

/** Labels of these: each for itself where they span decades, else all with the same decimals. */
export function logLabels(ticks) {
  const isEven = ticks.length > 2 && Math.abs(ticks[2] - 2 * ticks[1] + ticks[0]) < 1e-6 * Math.abs(ticks[2]);
  return isEven ? formatTicks(ticks) : ticks.map((tick) => formatTicks([tick])[0]);
}

function roundTicks(low, high) {
  const rough = (high - low) / 4;
  const power = Math.floor(Math.log10(rough));
  const digit = [1, 2, 5, 10].find((one) => timesPower(one, power) >= rough * (1 - 1e-9));
  const gap = timesPower(digit, power);
  const ticks = [];
  for (let n = Math.ceil(low / gap - 1e-9); n * gap <= high * (1 + 1e-9); n++) ticks.push(Number((n * gap).toPrecision(12)));
  return ticks;
}

function timesPower(digit, power) {
  return Number(`${digit}e${power}`);
}
