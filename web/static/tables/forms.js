// The forms above a table change only their own part of the address. Both ends of a range become
// one parameter, and empty fields are left out.

import { CHART_NAMES, params } from "../lib/address.js";

const FILTER = /^((low|high)\.)?[pm]\../;
const BY = "by", BY_PART = "by.part", NAME_PART = "name.";
const GOVERNS = {
  filter: (name) => name === "q" || name === "where" || name === "state" || name === "page" || name === BY || name === BY_PART || FILTER.test(name),
  columns: (name) => name === "columns",
};

/** Pure: the address's parameters after a form of this kind was sent, without the charts' own. */
function mergedParams(kind, given, sent, isUntouched = () => false) {
  const isKept = (name) => !GOVERNS[kind](name) || isUntouched(name);
  const kept = [...given].filter(([name]) => isKept(name) && name !== "page" && !CHART_NAMES.includes(name));
  const own = sent.filter(([name, value]) => GOVERNS[kind](name) && value.trim() !== "" && !isUntouched(name));
  const merged = [...kept, ...joinedRanges(joinedName(own))], by = (pairs) => pairs.find(([name]) => name === BY)?.[1];
  const isOther = GOVERNS[kind](BY) && by(merged) !== by([...given]);
  // the open groups are others now
  return isOther ? merged.filter(([name]) => name !== "open") : merged;
}

/** A group by a part of the name is one parameter. The form has a field for the expression. */
function joinedName(pairs) {
  const part = pairs.find(([name]) => name === BY_PART)?.[1].trim() ?? "";
  return pairs.filter(([name]) => name !== BY_PART).map(([name, value]) => [name, name === BY && value === NAME_PART ? value + part : value]);
}

function joinedRanges(pairs) {
  const ranges = new Map();
  const rest = [];
  for (const [name, value] of pairs) {
    const [, side, key] = /^(low|high)\.(.*)$/s.exec(name) ?? [];
    if (!key) rest.push([name, value]);
    else ranges.set(key, { ...ranges.get(key), [side]: value.trim() });
  }
  return [...rest, ...[...ranges].map(([key, { low = "", high = "" }]) => [key, `${low}..${high}`])];
}

/**
 * A range that was not changed here stays as in the address: it may contain more than two fields
 * can.
 */
function untouchedRanges(form) {
  const changed = new Set();
  const known = new Set();
  for (const input of form.querySelectorAll(".range input")) {
    const key = input.name.replace(/^(low|high)\./, "");
    known.add(key);
    if (input.value !== input.defaultValue) changed.add(key);
  }
  for (const box of form.querySelectorAll(".is-absent input")) if (box.checked !== box.defaultChecked) changed.add(box.name);
  return (name) => {
    const key = name.replace(/^(low|high)\./, "");
    return known.has(key) && !changed.has(key);
  };
}

function isUsual(form, pairs) {
  const chosen = pairs.filter(([name]) => name === "columns").map(([, value]) => value);
  return chosen.join("\n") === form.dataset.default;
}

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const form = ctx.sourceElement;
  const kind = form.dataset?.tableForm;
  if (!kind) return;
  const sent = [...new FormData(form)];
  let pairs = mergedParams(kind, params(), sent, untouchedRanges(form));
  if (kind === "columns" && isUsual(form, pairs)) pairs = pairs.filter(([name]) => name !== "columns");
  for (const name of [...ctx.request.body.keys()]) ctx.request.body.delete(name);
  for (const [name, value] of pairs) ctx.request.body.append(name, value);
});
