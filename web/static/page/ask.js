// A dialog that asks before an action. The browser keeps the focus in it, and returns it to the
// button when it closes. Escape is "Cancel".

import { element } from "../lib/elements.js";

/**
 * @param {{title: string, text: string, word: string, is_danger: boolean, number: object | null, entry: object | null, check?: {name: string, label: string}}} question
 * @returns {Promise<object | null>} what was entered (nothing: {}), or null: cancelled
 */
export function ask(question) {
  const title = element("h2", { id: "ask-title", textContent: question.title });
  const text = element("p", { id: "ask-text", textContent: question.text });
  const cancel = element("button", { type: "button", className: "action", textContent: "Cancel" });
  const sure = element("button", { type: "submit", className: question.is_danger ? "action is-danger is-sure" : "action is-sure", textContent: question.word });
  const field = question.number && numberField(question.number);
  const entry = question.entry && entryField(question.entry);
  const check = question.check && checkField(question.check);
  const form = element("form", { method: "dialog" }, title, text, ...[field, entry, check].filter(Boolean), element("div", { className: "ask-buttons" }, cancel, sure));
  const dialog = element("dialog", { className: "ask" }, form);
  dialog.setAttribute("aria-labelledby", "ask-title");
  dialog.setAttribute("aria-describedby", "ask-text");
  cancel.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  ((field ?? entry)?.querySelector("input") ?? (question.is_danger ? cancel : sure)).focus();
  if (field) askTwice(field.querySelector("input"), question.number, { text, sure, form, initial: question });
  return new Promise((resolve) => {
    let entered = null;
    form.addEventListener("submit", (event) => {
      if (!event.defaultPrevented) entered = { ...(field && numberOf(field)), ...(entry && entryOf(entry)), ...(check && checkedOf(check)) };
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(entered);
    });
  });
}

/** The typed number replaces the button's. An unusually large one must be confirmed. */
function askTwice(input, number, { text, sure, form, initial }) {
  input.select();
  input.addEventListener("focus", () => input.select());
  let sureOf = null;
  input.addEventListener("input", () => setQuestion(initial.text, initial.word));
  form.addEventListener("submit", (event) => {
    const asked = input.valueAsNumber;
    if (!isUnusual(asked, number) || sureOf === asked) return;
    event.preventDefault();
    sureOf = asked;
    setQuestion(number.doubt.replace("{n}", asked - number.value), `${initial.word} ${asked} anyway`);
    sure.focus();
  });

  function setQuestion(what, word) {
    text.textContent = what;
    text.classList.toggle("is-doubt", what !== initial.text);
    sure.textContent = word;
    if (what === initial.text) sureOf = null;
  }
}

/** Pure: whether a number is unusually large, and larger than before. */
function isUnusual(asked, { usual, value }) {
  return usual !== undefined && asked > Math.max(usual, value);
}

function numberField({ name, label, value, min, max }) {
  const input = element("input", { type: "number", name, min, max, step: 1, required: true, defaultValue: value });
  return element("label", { className: "ask-field" }, label, input);
}

function entryField({ name, label, hint, most, value = "" }) {
  const input = element("input", { type: "text", name, required: true, maxLength: most, placeholder: hint, defaultValue: value, autocomplete: "off" });
  return element("label", { className: "ask-field" }, label, input);
}

function entryOf(field) {
  const input = field.querySelector("input");
  return { [input.name]: input.value };
}

function checkField({ name, label, is_on: isOn }) {
  return element("label", { className: "ask-check" }, element("input", { type: "checkbox", name, checked: Boolean(isOn) }), label);
}

function checkedOf(field) {
  const input = field.querySelector("input");
  return { [input.name]: input.checked };
}

function numberOf(field) {
  const input = field.querySelector("input");
  return { [input.name]: input.valueAsNumber };
}
