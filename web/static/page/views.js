// The menu of named views: saved addresses of this log folder.

import { post } from "../lib/api.js";
import { addressOf } from "../lib/base.js";
import { button, cut, element, make } from "../lib/elements.js";
import { showNotice } from "../lib/notice.js";
import { sentence } from "./actions.js";
import { ask } from "./ask.js";

const LONGEST_NAME = 100;
const menu = () => document.querySelector("#views-menu");

/** Save this page under the name in the form. */
export async function save(form) {
  const field = form.elements.namedItem("name");
  if (await change({ action: "save", name: field.value, address: currentAddress() })) field.value = "";
}

/** The address of this page as the server stores it: without the path of a proxy before it. */
function currentAddress() {
  return location.pathname.slice(addressOf("").length) + location.search;
}

let turn = 0;

/** Show the current views. */
export async function refresh() {
  const mine = ++turn, list = menu().querySelector(".views-list");
  try {
    const answer = await fetch(addressOf("/api/views"));
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const { views, default: first } = await answer.json();
    if (mine !== turn) return; // they were requested again meanwhile, after a change
    list.replaceChildren(...views.map((view) => itemOf(view, view.name === first)));
    menu().querySelector(".views-none").hidden = views.length > 0;
  } catch (error) {
    list.replaceChildren(make("li", "muted", `The views could not be loaded (${error.message}).`));
  }
}

function itemOf({ name, address }, isDefault) {
  const link = element("a", { href: addressOf(`/views/${name.split("/").map(encodeURIComponent).join("/")}`), className: "view-name" }, cut(name));
  link.dataset.keep = "false";
  link.setAttribute("hx-boost", "false"); // the server redirects to the view
  if (address === currentAddress()) link.ariaCurrent = "page";
  const first = tool("★", isDefault ? `Begin with the experiments, not with ${name}` : `Begin with ${name}`, () => change({ action: "default", name, is_default: !isDefault }));
  first.ariaPressed = String(isDefault);
  return make("li", "view-item", link, first,
    tool("✎", `Rename ${name}`, () => rename(name)),
    tool("×", `Delete ${name}`, () => remove(name)));
}

function tool(text, label, act) {
  const made = button("view-tool", text, () => void act());
  made.ariaLabel = made.title = label;
  return made;
}

async function rename(name) {
  const entry = { name: "new_name", label: "Name", hint: "", most: LONGEST_NAME, value: name };
  const entered = await ask({ title: "Rename this view", text: "Links to its old name no longer work.", word: "Rename", entry });
  if (entered) await change({ action: "rename", name, ...entered });
}

async function remove(name) {
  const entered = await ask({ title: `Delete the view “${name}”?`, text: "The runs that it shows stay.", word: "Delete", is_danger: true });
  if (entered) await change({ action: "delete", name });
}

/** Returns whether it succeeded. */
async function change(body) {
  const { isDone, message } = await post("/api/views", body);
  showNotice(sentence(message), !isDone);
  if (isDone) await refresh();
  return isDone;
}
