// The columns of a table keep their widths whichever rows are in the page. Those of a long table
// are measured once, and grow for a number that needs more. Those of a short one stay as they are
// laid out, and move only if new content needs more room.

const SLACK_PX = 1;
const MOST_PX = 320; // as in page.css

let measured = ""; // which columns, at which width of the page; of a long table
let held = ""; // the same of a short one

const headsOf = (table) => [...table.tHead.rows[0].cells];

/** Fix the widths of the columns that the table has now. Later only let them grow. */
export function fitColumns(scroll) {
  const table = scroll.querySelector("table");
  const group = table.querySelector("colgroup");
  const what = columnsOf(table);
  if (what !== measured || group.children.length === 0) {
    [measured, held] = [what, ""];
    measure(table, group);
  }
  grow(table, group);
}

/** Keep the columns of a table without a window of rows where they are. */
export function holdColumns(table) {
  const group = table.querySelector("colgroup");
  const what = columnsOf(table);
  if (what !== held) group.replaceChildren();
  [measured, held] = ["", what];
  set(table, group, headsOf(table).map((head) => head.getBoundingClientRect().width));
}

const columnsOf = (table) => JSON.stringify([headsOf(table).map((head) => head.dataset.column), innerWidth]);

function measure(table, group) {
  group.replaceChildren();
  table.classList.add("is-measured");
  const widths = headsOf(table).map((head) => Math.ceil(head.getBoundingClientRect().width));
  table.classList.remove("is-measured");
  set(table, group, widths);
}

function set(table, group, widths) {
  group.replaceChildren(...widths.map((width) => Object.assign(document.createElement("col"), { style: `width: ${width}px` })));
}

/** Numbers are never cut. */
function grow(table, group) {
  const widths = [...group.children].map((column) => parseFloat(column.style.width));
  let isWider = false;
  for (const row of table.querySelector("#table-rows").rows) {
    for (const [i, cell] of [...row.cells].entries()) {
      const excess = cell.classList.contains("num") && widths[i] < MOST_PX ? cell.scrollWidth - cell.clientWidth : 0;
      if (excess <= SLACK_PX) continue;
      widths[i] += excess + SLACK_PX;
      isWider = true;
    }
    if (isWider) break;
  }
  if (!isWider) return;
  set(table, group, widths);
  grow(table, group);
}
