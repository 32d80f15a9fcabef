// A chart as a file: SVG, or PNG at twice the size, from the same drawing, or the data behind it,
// from the server.

import { pictureToSvg, svgText } from "./svg.js";
import { titleOf } from "../data/derived.js";
import { theme } from "../../lib/theme.js";

const PNG_SCALE = 2;

/** @param {"png" | "svg" | "csv" | "json"} format  the last two: every point of the runs drawn */
export async function exportChart(picture, format, source) {
  if (format === "csv" || format === "json") {
    const data = source.data(picture.metric, picture.view, format);
    return data.address ? follow(data.address, "") : save(new Blob([data.text], { type: "text/plain" }), `${nameOf(picture)}.${format}`);
  }
  const { text: muted, strong: text, ...colors } = theme();
  const root = pictureToSvg(picture, { ...colors, text, muted });
  const drawing = svgText(root);
  const blob = format === "svg" ? new Blob([drawing], { type: "image/svg+xml" }) : await rasterized(root, drawing);
  save(blob, `${nameOf(picture)}.${format}`);
}

async function rasterized(root, drawing) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Number(root.getAttribute("width")) * PNG_SCALE;
  canvas.height = Number(root.getAttribute("height")) * PNG_SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/**
 * Named after the metric and what is drawn of it, as the server names the data: see `exports.py`.
 */
function nameOf({ metric, view, curves }) {
  const several = view.group && curves[0]?.n ? `by-${view.group.replace(/^p\./, "")}` : `${curves.length}-runs`;
  return `${fileName(titleOf(metric).slice(0, 100))}-${fileName(curves.length === 1 ? curves[0].name : several)}`;
}

/** A name that every file system accepts. */
function fileName(text) {
  return text.replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 100) || "chart";
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  follow(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Without a name, the server gives one. */
function follow(address, name) {
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  link.click();
}
