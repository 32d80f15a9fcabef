// The columns of a long table keep their widths whichever rows are in the page. They are measured
// once, and grow where a number comes that needs more.

const SLACK_PX = 1;
const MOST_PX = 320; // as in page.css

let measured = ""; // which columns, at which width of the page

const headsOf = (table) => [...table.tHead.rows[0].cells];

/** Fix the widths of the columns that the table has now; later only let them grow. */
export function fitColumns(scroll) {
  const table = scroll.querySelector("table");
  const group = table.querySelector("colgroup");
  const what = JSON.stringify([headsOf(table).map((head) => head.dataset.column), innerWidth]);
  if (what !== measured || group.children.length === 0) {
    measured = what;
    measure(table, group);
  }
  grow(table, group);
}

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
