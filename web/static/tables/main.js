// The behaviour of tables: rows are selected, scrolled and filtered. Loaded by pages with a table.

import "./edges.js";
import "./forms.js";
import { fillCells } from "./live_cells.js";
import "./reasons.js";
import "./row_selection.js";
import "./row_window.js";
import "./selection_note.js";
import { showCurves } from "./sparklines.js";

/** News from the page's stream about visible rows. */
export const live = { fillCells, showCurves };
