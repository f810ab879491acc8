/** The element of `index.html` that has this id. */
export function part<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} "${id}"`);
  return element;
}

/** A new element, with a class and a text. */
export function made<K extends keyof HTMLElementTagNameMap>(tag: K, name = "", text = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}

/** A `<dl>` whose values change while its terms stay. */
export class Facts {
  readonly #values = new Map<string, HTMLElement>();

  constructor(private readonly list: HTMLElement) {}

  /** Shows a value; `null` takes the line away. */
  show(term: string, value: string | null): void {
    let shown = this.#values.get(term);
    if (!shown) {
      const row = made("div");
      shown = made("dd");
      row.append(made("dt", "", term), shown);
      this.list.append(row);
      this.#values.set(term, shown);
    }
    if (shown.textContent !== value) shown.textContent = value ?? "";
    shown.parentElement!.hidden = value === null;
  }
}
