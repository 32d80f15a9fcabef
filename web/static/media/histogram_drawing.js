// Draw histograms on a canvas: as a heat map over the steps, as ridges, and a single one as bars.

import { formatNumber } from "../lib/format.js";

const HEAT_PX = 160, RIDGE_PX = 220, BARS_PX = 90, LABEL_PX = 14;
const MOST_RIDGES = 24, LEAST_RIDGE_PX = 40;

/** A column for each step: the darker, the more values. Lines at the median and at 5 % and 95 %. */
export function drawHeatMap(canvas, stack, place) {
  const { context, width, height, colors } = begin(canvas, HEAT_PX);
  const high = height - LABEL_PX, n = stack.steps.length, nBins = stack.shares[0].length;
  const most = Math.max(...stack.shares.map((shares) => Math.max(...shares)), 1e-12);
  context.fillStyle = colors.accent;
  for (let i = 0; i < n; i++) {
    const left = (i / n) * width, wide = width / n + 0.5;
    for (let bin = 0; bin < nBins; bin++) {
      const share = stack.shares[i][bin];
      if (!share) continue;
      context.globalAlpha = 0.06 + 0.94 * Math.sqrt(share / most);
      context.fillRect(left, high * (1 - (bin + 1) / nBins), wide, high / nBins + 0.5);
    }
  }
  context.globalAlpha = 1;
  for (const which of [1, 3, 5]) percentileLine(context, stack, which, { width, high, color: colors.text });
  context.strokeStyle = colors.text;
  context.strokeRect((place / n) * width + 0.5, 0.5, Math.max(1, width / n - 1), high - 1);
  label(context, formatNumber(stack.edges.at(-1)), 2, 11, colors.muted);
  label(context, formatNumber(stack.edges[0]), 2, high - 3, colors.muted);
  label(context, `step ${stack.steps[0]}`, 2, height - 2, colors.muted);
  label(context, String(stack.steps.at(-1)), width - 2, height - 2, colors.muted, "right");
}

function percentileLine(context, stack, which, { width, high, color }) {
  const [low, top] = [stack.edges[0], stack.edges.at(-1)], n = stack.steps.length;
  context.strokeStyle = color;
  context.globalAlpha = which === 3 ? 0.8 : 0.4;
  context.beginPath();
  stack.percentiles.forEach((values, i) => {
    if (!values) return;
    const y = high * (1 - (values[which] - low) / (top - low));
    context.lineTo(((i + 0.5) / n) * width, y);
  });
  context.stroke();
  context.globalAlpha = 1;
}

/** One curve above the other, the newest in front. If there are very many steps, some of them. */
export function drawRidges(canvas, stack, place) {
  const { context, width, height, colors } = begin(canvas, RIDGE_PX);
  const places = evenly(stack.steps.length, MOST_RIDGES, place);
  const { tall, bases } = ridgesIn(height - LABEL_PX, places.length);
  places.forEach((i, row) => {
    const base = bases[row];
    curve(context, stack.shares[i], { width, base, tall });
    context.fillStyle = colors.surface;
    context.globalAlpha = 0.85;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = i === place ? colors.text : colors.accent;
    context.lineWidth = i === place ? 2 : 1;
    context.stroke();
  });
  axis(context, stack, { width, height, color: colors.muted });
}

/** Pure: how tall ridges are, and where each stands, so that the first is not cut off. */
export function ridgesIn(height, n) {
  const room = height - 2; // for the line
  const tall = Math.max(Math.min(LEAST_RIDGE_PX, room), (3 * room) / (n + 2)); // over two others
  const between = (room - tall) / Math.max(1, n - 1);
  return { tall, bases: Array.from({ length: n }, (_, row) => (n === 1 ? height : 2 + tall + row * between)) };
}

function curve(context, shares, { width, base, tall }) {
  const most = Math.max(...shares, 1e-12), n = shares.length;
  context.beginPath();
  context.moveTo(0, base);
  shares.forEach((share, bin) => context.lineTo(((bin + 0.5) / n) * width, base - (share / most) * tall));
  context.lineTo(width, base);
}

/** The histogram of one step, with a line at its median. */
export function drawBars(canvas, stack, place) {
  const { context, width, height, colors } = begin(canvas, BARS_PX);
  const shares = stack.shares[place], most = Math.max(...shares, 1e-12), n = shares.length, high = height - LABEL_PX;
  context.fillStyle = colors.accent;
  shares.forEach((share, bin) => context.fillRect((bin / n) * width, high * (1 - share / most), width / n - 0.5, (high * share) / most));
  const median = stack.percentiles[place]?.[3];
  if (median !== undefined) {
    const x = ((median - stack.edges[0]) / (stack.edges.at(-1) - stack.edges[0])) * width;
    context.fillStyle = colors.text;
    context.fillRect(x, 0, 1, high);
  }
  axis(context, stack, { width, height, color: colors.muted });
}

function axis(context, stack, { width, height, color }) {
  label(context, formatNumber(stack.edges[0]), 2, height - 2, color);
  label(context, formatNumber(stack.edges.at(-1)), width - 2, height - 2, color, "right");
}

/** Pure: at most this many places of n, evenly, with the last one and the chosen one among them. */
function evenly(n, most, chosen) {
  const count = Math.min(n, most);
  const places = Array.from({ length: count }, (_, i) => (count === 1 ? n - 1 : Math.round((i * (n - 1)) / (count - 1))));
  return [...new Set([...places, chosen])].sort((a, b) => a - b);
}

function begin(canvas, height) {
  const width = canvas.parentElement.clientWidth, ratio = devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  return { context, width, height, colors: { accent: color("accent"), text: color("text"), muted: color("muted"), surface: color("surface") } };
}

function label(context, text, x, y, color, align = "left") {
  context.font = "11px system-ui, sans-serif";
  context.textAlign = align;
  context.fillStyle = color;
  context.fillText(text, x, y);
}
