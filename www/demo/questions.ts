import { made, part } from "./elements.js";
import { SUGGESTIONS } from "./words.js";

const form = part("ask", HTMLFormElement);
const field = part("question", HTMLTextAreaElement);
const standing = part("standing", HTMLUListElement);
const suggestions = part("suggestions", HTMLDivElement);

/** The question to begin with, those that stand while it watches, and a field for more. */
export class Questions {
  #asked: string[] = [];
  #live = false;
  readonly #suggestions = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly ask: (text: string) => void,
    private readonly withdraw: (text: string) => void,
  ) {
    for (const text of SUGGESTIONS) {
      const button = made("button", "", text);
      button.type = "button";
      button.addEventListener("click", () => this.#suggest(text));
      suggestions.append(button);
      this.#suggestions.set(text, button);
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#live) this.#put(field.value);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (this.#live) form.requestSubmit();
    });
  }

  /** The stream begins: the question in the field stands, and the field is free for another. */
  begin(): string | undefined {
    const text = field.value.trim();
    this.#live = true;
    this.#asked = text ? [text] : [];
    field.value = "";
    field.placeholder = "Ask something else";
    this.#show();
    return text || undefined;
  }

  /** The stream is over: the last question waits in the field for the next one. */
  end(): void {
    if (!this.#live) return;
    this.#live = false;
    if (!field.value.trim()) field.value = this.#asked.at(-1) ?? "";
    field.placeholder = "Ask something";
    this.#asked = [];
    this.#show();
  }

  #suggest(text: string): void {
    if (this.#live) return this.#put(text);
    field.value = text;
    field.focus();
  }

  /** Asks; what stands already is asked again, from now on. */
  #put(question: string): void {
    const text = question.trim();
    if (!text) return;
    if (this.#asked.includes(text)) this.#takeBack(text);
    this.#asked.push(text);
    this.ask(text);
    if (field.value.trim() === text) field.value = "";
    this.#show();
  }

  #takeBack(text: string): void {
    this.#asked = this.#asked.filter((asked) => asked !== text);
    this.withdraw(text);
    this.#show();
  }

  #show(): void {
    for (const [text, button] of this.#suggestions) button.hidden = this.#asked.includes(text);
    standing.replaceChildren(
      ...this.#asked.map((text) => {
        const item = made("li");
        const again = made("button", "", "Ask again");
        again.type = "button";
        again.setAttribute("aria-label", `Ask again: ${text}`);
        again.addEventListener("click", () => this.#put(text));
        const back = made("button", "", "Withdraw");
        back.type = "button";
        back.setAttribute("aria-label", `Withdraw: ${text}`);
        back.addEventListener("click", () => {
          this.#takeBack(text);
          field.focus();
        });
        item.append(made("span", "asked", text), again, back);
        return item;
      }),
    );
  }
}
