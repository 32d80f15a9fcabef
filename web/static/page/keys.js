// The list of the keys, with the switch that turns them off.

import { element } from "../lib/elements.js";

const KEYS = [
  ["/", "Search; ↓ moves to the results"],
  ["j or ↓", "Next run of the table or list, or next page of a run"],
  ["k or ↑", "Previous run"],
  ["Enter", "Open it"],
  ["x", "Draw or hide it"],
  ["Escape", "Close what is open, leave the search"],
  ["?", "These keys"],
];

/** @param {(isOn: boolean) => void} turn the keys without a modifier were turned on or off */
export function showKeys(areOn, turn) {
  if (document.querySelector("dialog.keys")) return;
  const rows = KEYS.flatMap(([key, what]) => [element("dt", {}, ...key.split(" or ").flatMap((one, i) => [i ? " or " : "", element("kbd", {}, one)])), element("dd", {}, what)]);
  const box = element("input", { type: "checkbox", checked: areOn });
  box.addEventListener("change", () => turn(box.checked));
  const close = element("button", { className: "action", autofocus: true }, "Close");
  const form = element(
    "form", { method: "dialog" }, element("h2", { id: "keys-title" }, "Keyboard"), element("dl", { className: "keys-list" }, ...rows),
    element("label", { className: "field-inline" }, box, "Single-key shortcuts"), element("div", { className: "ask-buttons" }, close),
  );
  const dialog = element("dialog", { className: "ask keys" }, form);
  dialog.setAttribute("aria-labelledby", "keys-title");
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
