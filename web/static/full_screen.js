// One chart in the whole window: its own element, for a while inside a dialog.

export class FullScreen {
  #dialog = document.createElement("dialog");

  constructor(parent, onClose) {
    this.#dialog.className = "full-chart";
    this.#dialog.addEventListener("close", () => this.#dialog.childElementCount && onClose());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    parent.append(this.#dialog);
  }

  /** Show this chart; null: none. The sections take back what is not here. */
  show(element) {
    if (element === this.#dialog.firstElementChild) return;
    this.#dialog.replaceChildren(...(element ? [element] : []));
    if (element) {
      this.#dialog.ariaLabel = element.dataset.metric;
      if (!this.#dialog.open) this.#dialog.showModal();
    } else this.#dialog.close();
  }
}
