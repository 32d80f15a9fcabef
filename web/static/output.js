// What a run printed. `OutputText` is a small terminal (pure): a carriage return goes back to the
// start of the line, so a progress bar leaves only its last state; colours are kept, other control
// sequences dropped. `OutputView` shows its newest lines and follows the end.

const MAX_LINES = 2000;
const MAX_LINE_LENGTH = 4000;
const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const TOKEN = /\x1b\[([0-9;:?]*)([ -/]*[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[@-Z\\-_=>78]|[\r\n\b]|[^\x1b\r\n\b]+|\x1b/g;
const UNFINISHED = /\x1b(?:\[[0-9;:?]*|\][^\x07\x1b]{0,256})?$/;

export class OutputText {
  /** Lines of cells {char, style}; `first` is the number of the first one kept. */
  lines = [[]];
  first = 0;
  #row = 0;
  #column = 0;
  #style = "";
  #held = "";

  /** Take more text in. Returns the number of the first line that changed. */
  write(text) {
    const all = this.#held + text;
    this.#held = UNFINISHED.exec(all)?.[0] ?? "";
    let changed = this.first + this.#row;
    for (const [token, codes, command] of all.slice(0, all.length - this.#held.length).matchAll(TOKEN)) {
      if (token === "\n") this.#newLine();
      else if (token === "\r") this.#column = 0;
      else if (token === "\b") this.#column = Math.max(0, this.#column - 1);
      else if (command !== undefined) this.#control(codes, command);
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
    if (this.#row === this.lines.length) this.lines.push([]);
    const tooMany = this.lines.length - MAX_LINES;
    if (tooMany <= 0) return;
    this.lines.splice(0, tooMany);
    this.first += tooMany;
    this.#row -= tooMany;
  }

  #control(codes, command) {
    const n = Math.max(1, Number.parseInt(codes, 10) || 1);
    if (command === "m") this.#style = restyled(this.#style, codes);
    else if (command === "A") this.#row = Math.max(0, this.#row - n);
    else if (command === "B") this.#row = Math.min(this.lines.length - 1, this.#row + n);
    else if (command === "C") this.#column += n;
    else if (command === "D") this.#column = Math.max(0, this.#column - n);
    else if (command === "G") this.#column = n - 1;
    else if (command === "K") this.#erase(codes);
  }

  #erase(codes) {
    const line = this.lines[this.#row];
    if (codes === "2") line.length = 0;
    else if (codes === "1") line.fill({ char: " ", style: "" }, 0, this.#column);
    else line.length = Math.min(line.length, this.#column);
  }
}

/** The classes that remain after an SGR sequence. */
function restyled(style, codes) {
  let names = new Set(style.split(" ").filter(Boolean));
  const withoutColor = () => new Set([...names].filter((name) => !COLORS.includes(name.slice(5))));
  const numbers = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i];
    if (code === 0) names = new Set();
    else if (code === 1) names.add("ansi-bold");
    else if (code === 2) names.add("ansi-dim");
    else if (code === 3) names.add("ansi-italic");
    else if (code === 4) names.add("ansi-underline");
    else if (code === 22) ["ansi-bold", "ansi-dim"].forEach((name) => names.delete(name));
    else if (code === 23) names.delete("ansi-italic");
    else if (code === 24) names.delete("ansi-underline");
    else if (code === 39) names = withoutColor();
    else if (code === 38 || code === 48) i += numbers[i + 1] === 5 ? 2 : 4;
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) names = withoutColor().add(`ansi-${COLORS[code % 10]}`);
  }
  return [...names].join(" ");
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

export class OutputView {
  #text = new OutputText();
  #element;
  #follow;
  #firstShown = 0;
  #changedFrom = Infinity;
  #frame = 0;

  constructor(element, follow) {
    this.#element = element;
    this.#follow = follow;
    element.addEventListener("scroll", () => {
      follow.checked = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
    });
    follow.addEventListener("change", () => this.#scroll());
  }

  get element() {
    return this.#element;
  }

  clear() {
    this.#text = new OutputText();
    this.#firstShown = 0;
    this.#element.replaceChildren();
  }

  write(text) {
    this.#changedFrom = Math.min(this.#changedFrom, this.#text.write(text));
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const { lines, first } = this.#text;
    for (; this.#firstShown < first && this.#element.firstChild; this.#firstShown++) this.#element.firstChild.remove();
    this.#firstShown = first;
    const isFollowing = this.#follow.checked;
    for (let number = Math.max(this.#changedFrom, first); number < first + lines.length; number++) {
      const shown = this.#element.children[number - first];
      const drawn = drawLine(lines[number - first]);
      if (shown) shown.replaceWith(drawn);
      else this.#element.append(drawn);
    }
    this.#changedFrom = Infinity;
    if (isFollowing) this.#scroll();
  }

  #scroll() {
    if (this.#follow.checked) this.#element.scrollTop = this.#element.scrollHeight;
  }
}

function drawLine(line) {
  const element = document.createElement("div");
  element.className = "output-line";
  for (const { text, style } of spansOf(line)) {
    if (!style) element.append(text);
    else {
      const span = document.createElement("span");
      span.className = style;
      span.textContent = text;
      element.append(span);
    }
  }
  return element;
}
