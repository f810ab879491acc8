import type { Turn } from "streamo-wgpu";
import { roundMs } from "./cost.js";
import { part } from "./elements.js";
import { slowWords } from "./words.js";

const ROUNDS = 8;
const note = part("pace", HTMLParagraphElement);

/** Says so when rounds take longer than their second, persistently: the median of the last eight skipped some. */
export class Pace {
  #last: Turn[] = [];
  #slow = false;

  constructor() {
    // what a hidden page skipped says nothing of the device
    document.addEventListener("visibilitychange", () => (this.#last = []));
  }

  turn(turn: Turn, fps: number): void {
    this.#last = [...this.#last, turn].slice(-ROUNDS);
    if (this.#last.length < ROUNDS) return;
    const skipped = median(this.#last.map(({ behind }) => behind));
    const slow = skipped > 0;
    if (slow === this.#slow) return;
    this.#slow = slow;
    note.textContent = slow ? slowWords(median(this.#last.map(roundMs)), Math.round(skipped), fps) : "";
  }

  clear(): void {
    this.#last = [];
    this.#slow = false;
    note.textContent = "";
  }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
