// Notes of a chart about values that it does not draw. Pure.

import { formatCount } from "../../lib/format.js";
import { countOutside, isClipped } from "./ranges.js";

const hasFinite = (curve) => curve.y.some((value) => value !== null && value !== undefined);

/** @param {{left: [number, number], right: [number, number]}} ranges  what each axis shows of the values */
export function notesOf(curves, x, ranges, view) {
  const notes = [];
  if (isClipped(view)) {
    const [left, right] = [false, true].map((isRight) => countOutside(curves.filter((curve) => Boolean(curve.isRight) === isRight), x, isRight ? ranges.right : ranges.left));
    const above = left.above + right.above, below = left.below + right.below;
    if (above) notes.push(`▲ ${above}`);
    if (below) notes.push(`▼ ${below}`);
    if (notes.length) notes.push("outside");
  }
  const nBelow = curves.reduce((sum, curve) => sum + curve.nBelow, 0);
  if (nBelow) notes.push(`${nBelow} not above 0`);
  else if (curves.length && !curves.some(hasFinite)) notes.push("NaN or infinite only");
  const nRepeated = curves.reduce((sum, curve) => sum + (curve.nRepeated ?? 0), 0);
  if (nRepeated) notes.push(`${notes.length ? "· " : ""}${formatCount(nRepeated)} earlier value${nRepeated === 1 ? "" : "s"} of a step not drawn`);
  return notes.join(" ");
}
