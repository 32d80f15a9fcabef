// All curves of a chart as they were last drawn: pointing at one redraws only that one. The picture
// is made when a curve is first pointed at: until then the curves are drawn directly, since copying
// a canvas waits until everything on it is painted.

import { drawCurves, geometryOf } from "./draw.js";
import { isClipped } from "./ranges.js";

const FAINT = 0.25;

export class CurveLayer {
  isOld = true;
  #canvas = null;

  /** Draw on uPlot's canvas: the curves, faintly where some are in front of them. */
  paint(u, curves, front, scales, view) {
    const options = { pixel: uPlot.pxRatio, isClipped: isClipped(view) };
    const { width, height } = u.ctx.canvas;
    this.isOld ||= this.#canvas?.width !== width || this.#canvas.height !== height;
    if (this.isOld && front.length === 0) return drawBoth(u.ctx, u.bbox, curves, scales, view, options);
    this.#canvas ??= document.createElement("canvas");
    if (this.isOld) {
      Object.assign(this.#canvas, { width, height }); // which empties it
      drawBoth(this.#canvas.getContext("2d"), u.bbox, curves, scales, view, options);
      this.isOld = false;
    }
    u.ctx.save();
    u.ctx.globalAlpha = front.length ? FAINT : 1;
    u.ctx.drawImage(this.#canvas, 0, 0);
    u.ctx.restore();
    if (front.length) drawBoth(u.ctx, u.bbox, front, scales, view, { ...options, isFront: true });
  }
}

/** The curves of the right axis are below the others. */
function drawBoth(ctx, bbox, curves, { x, y, right }, view, options) {
  const onRight = curves.filter((curve) => curve.isRight), onLeft = onRight.length ? curves.filter((curve) => !curve.isRight) : curves;
  const all = { ...options, nCurves: curves.length };
  if (onRight.length) drawCurves(ctx, geometryOf(bbox, { x, y: right }, view), onRight, all);
  drawCurves(ctx, geometryOf(bbox, { x, y }, view), onLeft, all);
}
