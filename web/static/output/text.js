// A small terminal (pure): a carriage return goes back to the start of the line, so a progress bar
// leaves only its last state. Several bars at once move the cursor up and down. Colours are kept,
// other control sequences dropped.

import { restyled } from "./ansi.js";

const MAX_LINES = 2000;
const MAX_LINE_LENGTH = 4000;
const TOKEN = /\x1b\[([0-9;:?]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[@-Z\\-_=>78]|[\r\n\b]|[^\x1b\r\n\b]+|\x1b/g;
const UNFINISHED = /\x1b(?:\[[0-9;:?]*|\][^\x07\x1b]{0,256})?$/;

export class OutputText {
  /** Lines of cells {char, style}; `first` is the number of the first one kept. */
  lines = [[]];
  first = 0;
  #starts; // of each line, the byte of the output at which it begins
  #offset;
  #maxLines;
  #row = 0;
  #column = 0;
  #style = "";
  #held = "";

  /**
   * @param {number} offset the byte at which the text begins. Without `maxLines` all lines are kept
   */
  constructor(offset = 0, maxLines = MAX_LINES) {
    this.#offset = offset;
    this.#starts = [offset];
    this.#maxLines = maxLines;
  }

  /** The byte of the output at which the first kept line begins. */
  get start() {
    return this.#starts[0];
  }

  /** The byte at which the last line begins. */
  get lastStart() {
    return this.#starts.at(-1);
  }

  /** Append text. Returns the number of the first line that changed. */
  write(text) {
    const all = this.#held + text;
    this.#held = UNFINISHED.exec(all)?.[0] ?? "";
    let changed = this.first + this.#row;
    for (const [token, codes, command] of all.slice(0, all.length - this.#held.length).matchAll(TOKEN)) {
      this.#offset += byteLength(token);
      if (token === "\n") this.#newLine();
      else if (token === "\r") this.#column = 0;
      else if (token === "\b") this.#column = Math.max(0, this.#column - 1);
      else if (command !== undefined) changed = Math.min(changed, this.#control(codes, command));
      else if (token[0] !== "\x1b") this.#print(token);
      changed = Math.min(changed, this.first + this.#row);
    }
    return Math.max(changed, this.first);
  }

  #print(text) {
    const line = this.lines[this.#row];
    while (line.length < Math.min(this.#column, MAX_LINE_LENGTH)) line.push({ char: " ", style: "" });
    for (const char of text) {
      if (char < " " && char !== "\t") continue;
      if (this.#column >= MAX_LINE_LENGTH) return;
      line[this.#column++] = { char, style: this.#style };
    }
  }

  #newLine() {
    this.#row += 1;
    this.#column = 0;
    if (this.#row < this.lines.length) return;
    this.lines.push([]);
    this.#starts.push(this.#offset);
    const tooMany = this.lines.length - this.#maxLines;
    if (tooMany <= 0) return;
    this.lines.splice(0, tooMany);
    this.#starts.splice(0, tooMany);
    this.first += tooMany;
    this.#row -= tooMany;
  }

  /** Returns the number of the first line that changed. */
  #control(codes, command) {
    const n = Math.max(1, Number.parseInt(codes, 10) || 1);
    if (command === "m") this.#style = restyled(this.#style, codes);
    else if (command === "A" || command === "F") this.#row = Math.max(0, this.#row - n);
    else if (command === "B" || command === "E") this.#row = Math.min(this.lines.length - 1, this.#row + n);
    else if (command === "C") this.#column += n;
    else if (command === "D") this.#column = Math.max(0, this.#column - n);
    else if (command === "G") this.#column = n - 1;
    else if (command === "K") this.#erase(codes);
    else if (command === "J" && (codes === "" || codes === "0")) this.#eraseBelow();
    if (command === "E" || command === "F") this.#column = 0;
    return this.first + this.#row;
  }

  #erase(codes) {
    const line = this.lines[this.#row];
    if (codes === "2") line.length = 0;
    else if (codes === "1") line.fill({ char: " ", style: "" }, 0, this.#column);
    else line.length = Math.min(line.length, this.#column);
  }

  #eraseBelow() {
    this.#erase("");
    for (const line of this.lines.slice(this.#row + 1)) line.length = 0;
  }
}

/** How many bytes a text is as UTF-8. */
function byteLength(text) {
  let n = text.length;
  for (const char of text.match(/[^\x00-\x7f]/gu) ?? []) n += (char < "\u0800" ? 2 : char.length === 1 ? 3 : 4) - char.length;
  return n;
}

/** Cells -> runs of equal style: [{text, style}]. */
export function spansOf(line) {
  const spans = [];
  for (const { char, style } of line) {
    if (spans.at(-1)?.style === style) spans.at(-1).text += char;
    else spans.push({ text: char, style });
  }
  return spans;
}

/** The text without its first bytes. */
export function withoutBytes(text, nBytes) {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(nBytes));
}
