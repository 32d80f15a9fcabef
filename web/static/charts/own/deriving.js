// Create, change and remove a derived metric. The server checks the expression.

import { params, setParams } from "../../lib/address.js";
import { addressOf } from "../../lib/base.js";
import { button, element, make } from "../../lib/elements.js";
import { requestRefresh } from "../../live/refresh.js";
import { derivedName, expressionOf, isDerived, titleOf } from "../data/derived.js";

const MOST_OFFERED = 500;
const page = () => JSON.parse(document.querySelector("#page-data").dataset.page);

/** Ask for the name and the expression of a derived metric: a new one, or an existing one. */
export function askDerived(metric = null) {
  const title = element("input", { type: "text", required: true, maxLength: 100, value: metric ? titleOf(metric) : "", placeholder: "gap", autocomplete: "off" });
  const expression = element("textarea", { required: true, rows: 3, maxLength: 1000, value: metric ? expressionOf(metric) : "", placeholder: "loss/val - loss/train", spellcheck: false });
  const problem = make("p", "chart-settings-problem");
  problem.role = "alert";
  const cancel = button("action", "Cancel", () => dialog.close());
  const form = element("form", { method: "dialog" },
    element("h2", { id: "derived-title" }, metric ? `Change ${titleOf(metric)}` : "New derived metric"),
    labelled("Name", title), labelled("Expression", expression), insertion(expression), problem,
    make("p", "muted small", "Operators on the metrics of one run: + - * / // % **, comparisons, and, or, not, min, max, abs, log. A name with spaces around - is a difference."),
    make("div", "ask-buttons", cancel, element("button", { type: "submit", className: "action is-sure" }, metric ? "Change" : "Draw it")));
  const dialog = make("dialog", "chart-settings", form);
  dialog.setAttribute("aria-labelledby", "derived-title");
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void accept(derivedName(title.value, expression.value), metric, { dialog, problem });
  });
  document.body.append(dialog);
  document.querySelector("#axes-menu")?.hidePopover?.();
  dialog.showModal();
}

const labelled = (label, input) => element("label", { className: "chart-settings-field" }, label, input);

/** A choice that writes the name of a metric into the expression. */
function insertion(expression) {
  const select = element("select", { ariaLabel: "Insert a metric" }, new Option("Insert a metric…", ""));
  void namesOf().then((names) => select.append(...names.map((name) => new Option(name, name))));
  select.addEventListener("change", () => {
    const { selectionStart: start, selectionEnd: end, value } = expression;
    expression.value = value.slice(0, start) + select.value + value.slice(end);
    select.value = "";
    expression.focus();
  });
  return labelled("", select);
}

async function namesOf() {
  const query = new URLSearchParams(page().runs.map((run) => ["run", run.id]));
  const response = await fetch(addressOf(`/api/metrics?${query}`));
  return response.ok ? (await response.json()).metrics.slice(0, MOST_OFFERED) : [];
}

async function accept(name, before, { dialog, problem }) {
  const found = await problemOf(name);
  problem.textContent = found ?? "";
  if (found === null) {
    replaceDerived(before, name);
    dialog.close();
  }
}

/** What is wrong with a derived metric of the runs of this page (null: nothing). */
async function problemOf(name) {
  const runs = page().runs.map((run) => ["run", run.id]);
  if (runs.length === 0) return "there is no run here yet";
  try {
    const response = await fetch(addressOf(`/api/derived?${new URLSearchParams([["metric", name], ...runs])}`));
    const answer = await response.json();
    return response.ok ? answer.problem : answer.error;
  } catch {
    return "the server cannot be reached";
  }
}

/** Remove a derived metric, wherever it is named. */
export function removeDerived(metric) {
  replaceDerived(metric, null);
}

/** Replace one derived metric by another one, or by none. Without the first: add one. */
function replaceDerived(before, after) {
  const given = params(), changed = (one) => (before !== null && one === before ? after : one);
  const derive = [...new Set([...given.getAll("derive").map(changed), after])].filter((one) => one && isDerived(one));
  const pin = given.getAll("pin").map(changed).filter(Boolean);
  const isChosen = document.querySelector("#metric") && document.querySelector("#metric").value !== "*";
  const metric = isChosen && (after || given.get("metric") === before) ? after : changed(given.get("metric"));
  setParams({ derive, pin, metric }, { push: true });
  requestRefresh({ isUrgent: true }); // its columns are the server's
}
