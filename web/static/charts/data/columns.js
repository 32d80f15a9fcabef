// A metric of one run as columns {step, wall_time, value}, sorted by step, one point for each step.
// `value` holds null where NaN or an infinity was logged. `repeated` are columns of earlier values
// of steps that were logged several times, and their `count`. Pure functions.

export function emptyColumns() {
  return { step: [], wall_time: [], value: [] };
}

/** A `points` event as sent, with the columns of each metric written out. */
export function unpackPoints({ since_ms, metrics, ...event }) {
  const columns = ([step, after_ms, value]) => ({ step, wall_time: after_ms.map((ms) => (since_ms + ms) / 1000), value });
  // a metric may have the name of a property that every object has
  const unpacked = Object.create(null);
  for (const [name, packed] of Object.entries(metrics)) unpacked[name] = columns(packed);
  return { ...event, metrics: unpacked };
}

/** The first index whose entry is not below `x`. */
export function lowerBound(sorted, x) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index whose entry is nearest to `x`, or -1. */
export function nearestIndex(sorted, x) {
  if (sorted.length === 0) return -1;
  const right = Math.min(lowerBound(sorted, x), sorted.length - 1);
  if (right > 0 && x - sorted[right - 1] <= sorted[right] - x) return right - 1;
  return right;
}

/**
 * Append points in place. Of several for one step the last one counts, and the others are repeated
 * ones. Returns how many steps are new.
 */
export function appendPoints(columns, incoming) {
  const n = incoming.step.length;
  if (n === 0) return 0;
  if (isAscendingAfter(incoming.step, columns.step.at(-1) ?? -Infinity)) {
    for (let i = 0; i < n; i++) pushPoint(columns, incoming, i);
    return n;
  }
  const before = columns.step.length;
  const replaced = emptyColumns();
  const merged = mergeByStep(columns, sortedByStep(incoming, replaced), replaced);
  keepRepeated(columns, replaced);
  columns.step = merged.step;
  columns.wall_time = merged.wall_time;
  columns.value = merged.value;
  return merged.step.length - before;
}

function isAscendingAfter(steps, last) {
  for (const step of steps) {
    if (step <= last) return false;
    last = step;
  }
  return true;
}

function pushPoint(target, source, i) {
  target.step.push(source.step[i]);
  target.wall_time.push(source.wall_time[i]);
  target.value.push(source.value[i]);
}

function keepRepeated(columns, replaced) {
  if (replaced.step.length === 0) return;
  const known = columns.repeated ?? { ...emptyColumns(), count: 0 };
  const joined = (name) => known[name].concat(replaced[name]);
  columns.repeated = { step: joined("step"), wall_time: joined("wall_time"), value: joined("value"), count: known.count + replaced.step.length };
}

function sortedByStep(columns, replaced) {
  const order = columns.step.map((_, i) => i).sort((a, b) => columns.step[a] - columns.step[b] || a - b);
  const sorted = emptyColumns();
  for (const [at, i] of order.entries()) {
    const isLastOfItsStep = at + 1 === order.length || columns.step[order[at + 1]] !== columns.step[i];
    pushPoint(isLastOfItsStep ? sorted : replaced, columns, i);
  }
  return sorted;
}

function mergeByStep(old, fresh, replaced) {
  const merged = emptyColumns();
  let i = 0, j = 0;
  while (i < old.step.length || j < fresh.step.length) {
    if (j === fresh.step.length || old.step[i] < fresh.step[j]) pushPoint(merged, old, i++);
    else {
      if (old.step[i] === fresh.step[j]) pushPoint(replaced, old, i++);
      pushPoint(merged, fresh, j++);
    }
  }
  return merged;
}

/**
 * At most about 2 × `nBuckets` points: each bucket's smallest and largest value, the first and the
 * last.
 */
export function thin(columns, nBuckets) {
  const n = columns.step.length;
  if (n <= 2 * nBuckets + 2) return columns;
  const thinned = emptyColumns();
  pushPoint(thinned, columns, 0);
  for (let bucket = 0; bucket < nBuckets; bucket++) {
    const from = 1 + Math.floor((bucket * (n - 2)) / nBuckets);
    const to = 1 + Math.floor(((bucket + 1) * (n - 2)) / nBuckets);
    for (const i of keptIndices(columns.value, from, to)) pushPoint(thinned, columns, i);
  }
  pushPoint(thinned, columns, n - 1);
  return thinned;
}

/** The points of one bucket to keep: its minimum, its maximum and a gap, in their order. */
function keptIndices(values, from, to) {
  let low = -1, high = -1, gap = -1;
  for (let i = from; i < to; i++) {
    if (values[i] == null) gap = i;
    else {
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
  }
  return [...new Set([low, high, gap])].filter((i) => i >= 0).sort((a, b) => a - b);
}

/**
 * Exponential moving average without its bias towards the start, as TensorBoard computes it:
 * https://github.com/tensorflow/tensorboard (line chart, `resmoothDataset`).
 */
export function smooth(values, weight) {
  if (weight <= 0) return values;
  let average = 0, n = 0;
  return values.map((value) => {
    if (value == null) return null;
    average = average * weight + (1 - weight) * value;
    n += 1;
    const smoothed = average / (1 - weight ** n);
    return Number.isFinite(smoothed) ? smoothed : value; // rounded beyond the largest number
  });
}

/**
 * Draw one curve into `path` (anything with moveTo and lineTo): if there are more points than
 * pixels, each pixel column gets its first, lowest, highest and last. A null breaks the line.
 *
 * @returns {number[]} indices of points without a drawn neighbour, which need a dot of their own
 */
export function tracePath(path, steps, values, from, to, toX, toY) {
  const isDense = to - from > 2 * Math.abs(toX(steps[to]) - toX(steps[from]));
  return isDense ? traceDense(path, steps, values, from, to, toX, toY) : traceEach(path, steps, values, from, to, toX, toY);
}

function traceEach(path, steps, values, from, to, toX, toY) {
  const lonely = [];
  let length = 0;
  for (let i = from; i <= to; i++) {
    if (values[i] == null) {
      if (length === 1) lonely.push(i - 1);
      length = 0;
    } else if (length++ === 0) path.moveTo(toX(steps[i]), toY(values[i]));
    else path.lineTo(toX(steps[i]), toY(values[i]));
  }
  if (length === 1) lonely.push(to);
  return lonely;
}

function traceDense(path, steps, values, from, to, toX, toY) {
  let column = null;
  let isDown = false;
  const flush = () => {
    if (column === null) return;
    const { x, first, low, high, last } = column;
    if (isDown) path.lineTo(x, first);
    else path.moveTo(x, first);
    if (low !== high) {
      path.lineTo(x, low);
      path.lineTo(x, high);
      path.lineTo(x, last);
    }
    isDown = true;
    column = null;
  };
  for (let i = from; i <= to; i++) {
    if (values[i] == null) {
      flush();
      isDown = false;
      continue;
    }
    const x = Math.round(toX(steps[i])), y = toY(values[i]);
    if (column !== null && column.x !== x) flush();
    if (column === null) column = { x, first: y, low: y, high: y, last: y };
    else {
      column.low = Math.min(column.low, y);
      column.high = Math.max(column.high, y);
      column.last = y;
    }
  }
  flush();
  return [];
}
