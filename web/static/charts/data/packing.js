// Reads the answer of /api/points (see packed_series.py): columns of bytes to arrays of numbers.
// Pure.

const ALIGNMENT = 8;
const TYPES = { i1: Int8Array, i2: Int16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
const NO_COLUMN = new Float64Array(0);

/**
 * Unpack an answer. `metrics` are those in the answer, `names` those of all of a run's metrics;
 * `series`, by metric, are {step, wall_time, value, count, isThinned, abandoned, repeated}. The
 * last two are columns like its own, or null
 *
 * @param {ArrayBuffer} buffer
 * @returns {{metrics: string[], runs: Map<string, {cursor: number, names: string[], series: Map<string, object>}>}}
 *   `metrics` are those in the answer, `names` those of all of a run's metrics; `series`, by metric,
 *   are {step, wall_time, value, count, isThinned, abandoned, repeated}. The last two are columns like its own, or null
 */
export function unpackSeries(buffer) {
  const { names, names_of, n_left_out, abandoned, repeated, runs, metrics, columns } = read(buffer);
  const abandonedOf = abandoned.map((found) => new Map(found));
  const repeatedOf = repeated.map((found) => new Map(found));
  const parts = metrics.map((_, index) => new Parts(columns, index));
  const { cursor, length, count } = columns;
  const run = (i) => ({
    cursor: cursor[i],
    names: names_of[i].map((place) => names[place]),
    nLeftOut: n_left_out[i],
    series: new Map(metrics.flatMap((name, j) => {
      const at = i * metrics.length + j;
      return count[at] === 0 ? [] : [[name, { ...parts[j].next(length[at]), count: count[at], isThinned: length[at] < count[at], abandoned: branch(abandonedOf[i].get(j)), repeated: repetitions(repeatedOf[i].get(j)) }]];
    })),
  });
  return { metrics, runs: new Map(runs.map((id, i) => [id, run(i)])) };
}

function branch(found) {
  return found ? { step: found[0], wall_time: found[1], value: found[2] } : null;
}

function repetitions(found) {
  return found ? { count: found[0], step: found[1], wall_time: found[2], value: found[3] } : null;
}

function read(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  let offset = aligned(4 + size);
  const columns = {};
  for (const [name, type, length] of header.columns) {
    columns[name] = new TYPES[type](buffer, offset, length);
    offset = aligned(offset + columns[name].byteLength);
  }
  return { ...header, columns };
}

function aligned(offset) {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** The series of one metric, one after the other. */
class Parts {
  #step;
  #wallTime;
  #value;
  #at = 0;

  constructor(columns, index) {
    const column = (name) => columns[`${index}.${name}`];
    this.#step = numbers(column("step"), column("first_step"));
    this.#wallTime = numbers(column("wall_time"), column("first_wall_time"));
    this.#value = column("value") ?? NO_COLUMN;
  }

  next(length) {
    const from = this.#at;
    this.#at += length;
    const step = this.#step(length), milliseconds = this.#wallTime(length);
    const value = new Array(length);
    for (let i = 0; i < length; i++) {
      const one = this.#value[from + i];
      value[i] = one === one ? one : null; // NaN is not equal to itself
    }
    return { step, wall_time: milliseconds.map((ms) => ms / 1000), value };
  }
}

/** A function that returns the next numbers of a column, with differences added up. */
function numbers(column = NO_COLUMN, firsts = undefined) {
  let at = 0, nSeries = 0;
  if (!firsts) return (length) => Array.from(column.subarray(at, (at += length)));
  return (length) => {
    const found = new Array(length);
    if (length === 0) return found;
    let number = (found[0] = firsts[nSeries++]);
    for (let i = 1; i < length; i++) found[i] = number += column[at++];
    return found;
  };
}
