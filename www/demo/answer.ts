import type { Turn } from "streamo-wgpu";
import { part } from "./elements.js";
import { answerWords, clockWords, spokenTime } from "./words.js";

const text = part("answer", HTMLParagraphElement);
const time = part("answer-time", HTMLSpanElement);
const spoken = part("spoken", HTMLParagraphElement);

/** The last answer, in large; whole answers are also read out by screen readers, silent seconds are not. */
export class Answer {
  #round: number | null = null;

  /** What stands here while nothing has been said. */
  wait(words: string): void {
    this.#round = null;
    text.textContent = words;
    text.className = "empty";
    time.textContent = "";
    spoken.textContent = "";
  }

  piece(round: number, piece: string): void {
    if (this.#round !== round) {
      text.textContent = "";
      time.textContent = "";
    }
    this.#round = round;
    text.className = "growing";
    text.textContent = (text.textContent + piece).trimStart();
  }

  turn(turn: Turn): void {
    if (turn.state !== "response") return this.end();
    this.#round = turn.round;
    text.className = "";
    text.textContent = answerWords(turn);
    time.textContent = clockWords(turn.from);
    spoken.textContent = `At ${spokenTime(turn.from)}: ${answerWords(turn)}`;
  }

  /** Decoding was cut short: what was said stands. */
  end(): void {
    if (text.className === "growing") text.className = "";
  }

  get empty(): boolean {
    return text.className === "empty";
  }
}
