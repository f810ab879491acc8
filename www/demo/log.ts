import type { Turn } from "streamo-wgpu";
import { made, part } from "./elements.js";
import { COPIED, NOT_COPIED, STATE_SIGNS, secondsWords, stateWords } from "./words.js";

const LINES_SHOWN = 600;

const lines = part("log-lines", HTMLDivElement);
const copy = part("log-copy", HTMLButtonElement);
const download = part("log-download", HTMLButtonElement);
const said = part("log-said", HTMLParagraphElement);

/** A line a round, as text; copied or downloaded as JSON lines, all of them, as the package gave them. */
export class Log {
  #turns: Turn[] = [];

  constructor() {
    copy.addEventListener("click", () => void this.#copy());
    download.addEventListener("click", () => this.#download());
  }

  turn(turn: Turn): void {
    this.#turns.push(turn);
    copy.disabled = download.disabled = false;
    const line = made("p");
    if (turn.state) line.dataset.state = turn.state;
    line.append(
      made("span", "when", `${secondsWords(turn.from)}–${secondsWords(turn.to)}`),
      made("span", "what", `${turn.state ? STATE_SIGNS[turn.state] : "?"} ${stateWords(turn.state).toLowerCase()}`),
      made("span", "text", turn.text),
    );
    this.#append(line);
  }

  /** A remark between the rounds; one that stands there already is not repeated. */
  note(words: string): void {
    const last = lines.lastElementChild;
    if (last?.className === "remark" && last.textContent === words) return;
    this.#append(made("p", "remark", words));
  }

  clear(): void {
    this.#turns = [];
    lines.replaceChildren();
    copy.disabled = download.disabled = true;
    said.textContent = "";
  }

  #append(line: HTMLElement): void {
    const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 8;
    lines.append(line);
    if (lines.childElementCount > LINES_SHOWN) lines.firstElementChild!.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  #jsonLines(): string {
    return this.#turns.map((turn) => `${JSON.stringify(turn)}\n`).join("");
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#jsonLines());
      said.textContent = COPIED;
    } catch {
      said.textContent = NOT_COPIED;
    }
  }

  #download(): void {
    const link = made("a");
    link.href = URL.createObjectURL(new Blob([this.#jsonLines()], { type: "application/jsonl" }));
    link.download = `streamo-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.jsonl`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}
