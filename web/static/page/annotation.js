// A name, a note and tags, edited in place. While a user writes, live changes leave the form alone.
// The rest of the page continues.

import { sentence } from "./actions.js";
import { post } from "../lib/api.js";
import { element } from "../lib/elements.js";
import { requestRefresh } from "../live/refresh.js";

export function edit(block) {
  const editor = block.querySelector(".annotation-editor");
  if (editor.childElementCount) return;
  const known = { ...JSON.parse(block.dataset.annotation), isSure: false };
  const form = makeForm(known);
  const close = () => {
    editor.replaceChildren();
    // a live change may have brought other values
    editor.closest(".annotation")?.querySelector(".annotation-edit").focus();
  };
  // htmx takes every form of what it morphs, and would send this one too
  form.setAttribute("hx-boost", "false");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void save(form, known, close);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.querySelector("[data-cancel]").addEventListener("click", close);
  editor.append(form);
  form.elements.name.focus();
}

function makeForm({ name, tags, note, limits }) {
  const trouble = element("p", { className: "annotation-trouble", hidden: true });
  trouble.setAttribute("role", "alert");
  const cancel = element("button", { type: "button", className: "action", textContent: "Cancel" });
  cancel.dataset.cancel = "";
  return element("form", { className: "annotation-form" },
    field("Name", element("input", { name: "name", defaultValue: name, maxLength: limits.name, autocomplete: "off" })),
    field("Tags, between commas", element("input", { name: "tags", defaultValue: tags.join(", "), autocomplete: "off", spellcheck: false })),
    field("Note", element("textarea", { name: "note", defaultValue: note, maxLength: limits.note, rows: Math.min(12, Math.max(1, note.split("\n").length)) })),
    trouble,
    element("div", { className: "annotation-buttons" }, element("button", { type: "submit", className: "action is-sure", textContent: "Save" }), cancel),
  );
}

function field(label, input) {
  return element("label", { className: "annotation-field" }, element("span", { textContent: label }), input);
}

/** Only changed fields are sent, so that the changes of others meanwhile are kept. */
async function save(form, known, close) {
  const changes = changesOf(known, form.elements);
  if (Object.keys(changes).length === 0) return close();
  const was = known.isSure ? {} : Object.fromEntries(Object.keys(changes).map((name) => [name, known[name]]));
  setBusy(form, true);
  const { isDone, isRefused, message } = await post("/api/annotate", { ...known.target, ...changes, was });
  setBusy(form, false);
  known.isSure ||= isRefused; // a user who has read what others wrote may replace it
  if (isDone) {
    close();
    return requestRefresh();
  }
  const trouble = form.querySelector(".annotation-trouble");
  trouble.textContent = sentence(message);
  trouble.hidden = false;
}

function changesOf(known, { name, tags, note }) {
  const written = { name: name.value, note: note.value, tags: tags.value.split(",").map((tag) => tag.trim()).filter(Boolean) };
  return Object.fromEntries(Object.entries(written).filter(([field, value]) => String(value) !== String(known[field])));
}

/** Text written during saving would be lost with the form. */
function setBusy(form, isBusy) {
  form.ariaBusy = String(isBusy);
  for (const field of form.querySelectorAll("input, textarea")) field.readOnly = isBusy;
}
