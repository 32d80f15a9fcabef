// Align the numbers of a column at their decimal points: what a number has fewer digits behind its
// point than the longest is left free, in its own digits, invisibly (table.css). The server does so
// with the rows it sends (decimals.py). Here values change, and rows come from elsewhere. A column
// only grows.

const NUMBER = /^\u2212?\d+((?:\.\d+)?(?:e-?\d+)?)$/;

let longest = new Map(); // column -> the length behind its numbers, with the point
let path = null;

/** Pure: how much of a text is behind the number, with the point, or null if it is not a number. */
function lengthBehind(text) {
  const found = NUMBER.exec(text);
  return found && found[1].length;
}

/** Pure: the padding of a text with this length behind its number. */
const padOf = (length, most) => (length === null || length >= most ? "" : `.${"0".repeat(most - 1)}`.slice(length));

const columnsOf = (table) => [...table.tHead.rows[0].cells].map((head, i) => ({ key: head.dataset.column, i, isNumber: head.classList.contains("right") })).filter(({ isNumber }) => isNumber);

/** Align the rows that the table holds. */
export function alignPoints(table) {
  if (path !== location.pathname) longest = new Map();
  path = location.pathname;
  const rows = [...table.querySelector("#table-rows").rows];
  for (const { key, i } of columnsOf(table)) alignColumn(key, rows.map((row) => row.cells[i]));
}

function alignColumn(key, cells) {
  longest.set(key, alignElements(cells, longest.get(key)));
}

/** Align elements that are below one another. Returns the space behind the points. */
export function alignElements(elements, least = 0) {
  const lengths = elements.map((element) => lengthBehind(element.textContent));
  const most = Math.max(least, ...lengths);
  elements.forEach((element, i) => setPad(element, padOf(lengths[i], most)));
  return most;
}

function setPad(element, pad) {
  if ((element.dataset.pad ?? "") === pad) return;
  if (pad) element.dataset.pad = pad;
  else delete element.dataset.pad;
}

/** Write another number into a cell of a table. The others follow if it is longer. */
export function setNumber(cell, text) {
  if (cell.textContent === text) return;
  cell.textContent = text;
  const table = cell.closest("[data-table] table.runs");
  if (!table) return;
  const key = table.tHead.rows[0].cells[cell.cellIndex].dataset.column;
  const length = lengthBehind(text);
  if (length !== null && length > (longest.get(key) ?? 0)) alignPoints(table);
  else setPad(cell, padOf(length, longest.get(key) ?? 0));
}

function mount() {
  for (const table of document.querySelectorAll("[data-table] table.runs")) alignPoints(table);
}

document.addEventListener("htmx:after:swap", mount);
mount();
