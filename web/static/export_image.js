// A chart as a file to keep: SVG, or PNG at twice the size, from one and the same drawing.

import { pictureToSvg, svgText } from "./export_svg.js";
import { theme } from "./theme.js";

const PNG_SCALE = 2;

/** @param {"png" | "svg"} format */
export async function exportChart(picture, format) {
  const { text: muted, strong: text, grid, surface, runs } = theme();
  const root = pictureToSvg(picture, { text, muted, grid, surface, runs });
  const source = svgText(root);
  const blob = format === "svg" ? new Blob([source], { type: "image/svg+xml" }) : await rasterized(root, source);
  save(blob, `${fileName(picture.metric)}.${format}`);
}

async function rasterized(root, source) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Number(root.getAttribute("width")) * PNG_SCALE;
  canvas.height = Number(root.getAttribute("height")) * PNG_SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** A name that every file system takes. */
export function fileName(metric) {
  return metric.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._]+/, "").slice(0, 100) || "chart";
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
