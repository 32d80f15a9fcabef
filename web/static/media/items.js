// The items of a step as elements. One that did not change keeps its element: a sound continues, the
// focus stays, and a text stays where it was scrolled to.

export class ShownItems {
  #shown = new Map(); // what an item was drawn from -> its element

  constructor(element) {
    this.element = element;
  }

  /**
   * The elements of items in their order. Only what is not shown yet is drawn.
   *
   * @param {unknown} about  what a drawing depends on besides its item
   */
  prepare(items, draw, about = null) {
    return new Map(items.map((item) => {
      const from = JSON.stringify([about, item]);
      return [from, this.#shown.get(from) ?? draw(item)];
    }));
  }

  /** Show what was prepared, in place of what was shown. */
  show(prepared) {
    this.#shown = prepared;
    const wanted = new Set(prepared.values()), { children } = this.element;
    for (const one of [...children]) if (!wanted.has(one)) one.remove();
    [...wanted].forEach((one, at) => {
      if (children[at] !== one) this.element.insertBefore(one, children[at] ?? null);
    });
  }
}
