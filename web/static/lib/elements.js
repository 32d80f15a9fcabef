// Create elements: texts are set as text, never as HTML.

/** @returns {HTMLElement} a new element with these properties and children */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** @returns {HTMLElement} a new element of this class with these children */
export function make(tag, className, ...children) {
  return element(tag, { className }, ...children);
}

/** @returns {HTMLButtonElement} a button of this class that only calls `onClick` */
export function button(className, text, onClick) {
  const made = element("button", { className, type: "button" }, text);
  made.addEventListener("click", onClick);
  return made;
}

/** A long name keeps its beginning and its end: as in the macro `cut` of the templates. */
export function cut(name, nEnd = 9) {
  const span = make("span", "cut", make("span", "cut-whole", name));
  span.title = name;
  Object.assign(span.dataset, { start: name.slice(0, -nEnd), end: name.slice(-nEnd) });
  return span;
}

/** A span of this class with a name that is cut in its middle if there is no room for it. */
export function named(className, name) {
  const span = cut(name);
  span.classList.add(className);
  span.removeAttribute("title"); // its container has the text
  return span;
}

/**
 * Set the text of an element if it differs: an unchanged text costs no layout. Returns whether it
 * is new.
 */
export function setText(target, text) {
  if (target.textContent === text) return false;
  target.textContent = text;
  return true;
}
