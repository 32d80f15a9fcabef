// The lines of runs that pass no filter: drawn faintly as one layer on a separate canvas, so that
// many lines are no darker than a single one.

const OPACITY = 0.2;

/**
 * The option of an ECharts graphic with lines of points [x, y] in pixels, below everything else.
 */
export function faintLines(lines, color, width, height) {
  const image = inked(lines, color, width, height);
  return [{ id: "faint-lines", type: "image", z: -1, silent: true, style: { image, x: 0, y: 0, width, height, opacity: OPACITY } }];
}

function inked(lines, color, width, height) {
  const canvas = document.createElement("canvas"), pixel = devicePixelRatio;
  Object.assign(canvas, { width: Math.max(1, width * pixel), height: Math.max(1, height * pixel) });
  const context = canvas.getContext("2d");
  context.scale(pixel, pixel);
  context.strokeStyle = color;
  for (const line of lines) {
    context.beginPath();
    for (const [x, y] of line) context.lineTo(x, y);
    context.stroke();
  }
  return canvas;
}
