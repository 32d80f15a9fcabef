// What tables do: rows are ticked, scrolled and filtered. Loaded where a page has a table.

import "./edges.js";
import "./forms.js";
import { fillCells } from "./live_cells.js";
import "./reasons.js";
import "./row_selection.js";
import "./row_window.js";
import "./selection_note.js";
import { showCurves } from "./sparklines.js";

/** What the page's stream tells of rows that are shown. */
export const live = { fillCells, showCurves };
