// The colours and weights of a program's output: SGR sequences as a style, and a style as DOM.
// Pure, apart from `applyStyle`. A style is a text that is the same for equal styles.

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const ATTRIBUTES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const ENDS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

/** The style after an SGR sequence: `restyled("bold", "31")` is "bold fg=red". */
export function restyled(style, codes) {
  let parts = new Map(style.split(" ").filter(Boolean).map((part) => [part.split("=")[0], part]));
  const numbers = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i];
    if (code === 0) parts = new Map();
    else if (ATTRIBUTES[code]) parts.set(ATTRIBUTES[code], ATTRIBUTES[code]);
    else if (ENDS[code]) for (const name of ENDS[code]) parts.delete(name);
    else if (code === 39 || code === 49) parts.delete(code === 39 ? "fg" : "bg");
    else if (code === 38 || code === 48) {
      const [color, length] = extendedColor(numbers, i + 1, codes.includes(":"));
      if (color) setColor(parts, code === 38 ? "fg" : "bg", color);
      i += length;
    } else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) setColor(parts, "fg", indexedColor((code % 10) + (code >= 90 ? 8 : 0)));
    else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) setColor(parts, "bg", indexedColor((code % 10) + (code >= 100 ? 8 : 0)));
  }
  return [...parts.values()].sort().join(" ");
}

function setColor(parts, ground, color) {
  parts.set(ground, `${ground}=${color}`);
}

/**
 * The part after 38 or 48, and how many numbers it has: 5;N, or 2;R;G;B (with colons 2::R:G:B too).
 */
function extendedColor(numbers, at, hasColons) {
  if (numbers[at] === 5) return [indexedColor(numbers[at + 1]), 2];
  if (numbers[at] !== 2) return [null, 0];
  const from = hasColons && numbers.length >= at + 5 ? at + 2 : at + 1;
  const rgb = numbers.slice(from, from + 3);
  const isColor = rgb.length === 3 && rgb.every((part) => part >= 0 && part <= 255);
  return [isColor ? `rgb(${rgb.join(",")})` : null, from + 2 - at + 1];
}

/** One of the 256: the first sixteen by name, so that they follow the theme. */
function indexedColor(index) {
  if (!(index >= 0 && index < 256)) return null;
  if (index < 16) return (index < 8 ? "" : "bright-") + NAMES[index % 8];
  if (index >= 232) return `rgb(${Array(3).fill(8 + 10 * (index - 232)).join(",")})`;
  const level = (step) => (step ? 55 + 40 * step : 0);
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level).join(",")})`;
}

/** Give an element a style. A colour without its own background is moved towards the text's. */
export function applyStyle(element, style) {
  const isOnGround = / ?bg=/.test(style) || style.includes("inverse");
  for (const part of style.split(" ")) {
    const [name, color] = part.split("=");
    if (!color) element.classList.add(`ansi-${name}`);
    else if (!color.startsWith("rgb")) element.classList.add(`ansi-${name}-${color}`);
    else if (name === "bg") element.style.backgroundColor = color;
    else element.style.color = isOnGround ? color : `color-mix(in srgb, ${color} 60%, var(--text))`;
  }
}
