import type { DeviceInfo, ModelInfo, Turn } from "streamo-wgpu";
import { Facts, made, part } from "./elements.js";
import { bytesWords, countWords, deviceWords, msWords } from "./words.js";

const SHOWN = 60;
const PARTS = ["frame", "vision", "prefill", "decode"] as const;

const columns = part("cost-columns", HTMLDivElement);
const budget = part("cost-budget", HTMLSpanElement);
const device = part("device", HTMLParagraphElement);

/** What a round takes: a stacked column each against the time that it has, and the newest in numbers. */
export class Cost {
  readonly #facts = new Facts(part("cost-facts", HTMLDListElement));
  #shown: { column: HTMLElement; total: number }[] = [];
  #budget = 1000;

  constructor() {
    this.#blank();
  }

  begin(about: ModelInfo, where: DeviceInfo): void {
    this.clear();
    this.#budget = 1000 / about.fps;
    device.textContent =
      `${countWords(about.parameters)} parameters, ${about.weights}, ${bytesWords(about.bytes)}, ${deviceWords(where)}`;
  }

  turn(turn: Turn): void {
    const total = roundMs(turn);
    const column = made("i", "column");
    for (const name of PARTS) {
      const piece = made("i", name);
      piece.style.setProperty("--ms", turn.ms[name].toFixed(1));
      column.append(piece);
    }
    columns.append(column);
    this.#shown.push({ column, total });
    if (this.#shown.length > SHOWN) this.#shown.shift()!.column.remove();
    const full = Math.max(this.#budget * 1.3, ...this.#shown.map((shown) => shown.total * 1.05));
    columns.style.setProperty("--full", full.toFixed(0));
    budget.style.setProperty("--ms", String(this.#budget));
    budget.textContent = msWords(this.#budget);
    this.#show(turn, total);
  }

  clear(): void {
    for (const { column } of this.#shown) column.remove();
    this.#shown = [];
    this.#blank();
  }

  #show({ ms, tokens, bytes }: Turn, total: number): void {
    this.#facts.show("Frame", msWords(ms.frame));
    this.#facts.show("Vision", msWords(ms.vision));
    this.#facts.show("Prefill", msWords(ms.prefill));
    this.#facts.show("Decode", msWords(ms.decode));
    this.#facts.show("In all", msWords(total));
    this.#facts.show("Kept", `${tokens.memory.toLocaleString("en")} tokens`);
    this.#facts.show("GPU memory", bytes.device === null ? null : bytesWords(bytes.device));
    this.#facts.show("Engine", bytesWords(bytes.engine));
  }

  #blank(): void {
    for (const term of ["Frame", "Vision", "Prefill", "Decode", "In all", "Kept", "GPU memory", "Engine"]) this.#facts.show(term, "–");
  }
}

export function roundMs({ ms }: Turn): number {
  return PARTS.reduce((sum, name) => sum + ms[name], 0);
}
