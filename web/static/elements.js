// Making elements: texts are set as text, never as HTML.

/** @returns {HTMLElement} a new element with these properties and children */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
