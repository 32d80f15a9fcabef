// A surface through points: Shepard's method (D. Shepard, "A two-dimensional interpolation function
// for irregularly-spaced data", ACM 1968): at each place the mean of the nearest points, weighted
// by one over the square of their distance. Exact at the points. Unknown if none is near. Pure.

const NEAREST = 12;
const REACH = 1.5, LEAST = 0.06, MOST = 0.3; // of the height of the plane

/**
 * Interpolate on a grid.
 *
 * @param {{x: number, y: number, z: number}[]} points  within 0 to 1
 * @param {number} aspect  the width of the plane by its height, so that distances are those seen
 * @returns {(number | null)[]}  row by row, from the lowest, the values in the middles of the cells
 */
export function interpolated(points, nColumns, nRows, aspect) {
  const known = merged(points), cells = new Array(nColumns * nRows), near = reachOf(known.length, aspect);
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      cells[row * nColumns + column] = valueAt(known, (column + 0.5) / nColumns, (row + 0.5) / nRows, aspect, near);
    }
  }
  return cells;
}

/**
 * How far from the nearest point a value is still known: this much farther than points of an even
 * grid are apart.
 */
const reachOf = (n, aspect) => Math.min(MOST, Math.max(LEAST, REACH * Math.sqrt(aspect / Math.max(1, n))));

/** The value of the surface at a place (null: no point is near). */
export function valueAt(points, x, y, aspect, near) {
  const nearest = []; // [square of the distance, value], the farthest last
  for (const point of points) {
    const square = ((point.x - x) * aspect) ** 2 + (point.y - y) ** 2;
    if (nearest.length === NEAREST && square >= nearest[NEAREST - 1][0]) continue;
    let at = nearest.length;
    while (at > 0 && nearest[at - 1][0] > square) at -= 1;
    nearest.splice(at, 0, [square, point.z]);
    if (nearest.length > NEAREST) nearest.pop();
  }
  if (nearest.length === 0 || nearest[0][0] > near ** 2) return null;
  if (nearest[0][0] < 1e-12) return nearest[0][1];
  let sum = 0, weights = 0;
  for (const [square, z] of nearest) {
    sum += z / square;
    weights += 1 / square;
  }
  return sum / weights;
}

/** Merge points at one place, with the mean of their values. */
export function merged(points) {
  const places = new Map();
  for (const { x, y, z } of points) {
    const key = `${x},${y}`, known = places.get(key) ?? { x, y, sum: 0, n: 0 };
    places.set(key, { ...known, sum: known.sum + z, n: known.n + 1 });
  }
  return [...places.values()].map(({ x, y, sum, n }) => ({ x, y, z: sum / n }));
}
