import type { Turn } from "streamo-wgpu";

/** A second's width, in CSS pixels. */
export const CELL = 24;
/** A longer gap is drawn as long as this many cells. */
const LONGEST_GAP = 5;
export const LANES = 3;
/** An answer's flag is as wide as this where the next one leaves it room. */
export const FLAG = 216;

export interface Cell {
  turn: Turn;
  x: number;
  /** Width of the gap before it. */
  gap: number;
}

/** An answer, pinned at its cell. */
export interface Flag {
  x: number;
  lane: number;
  /** How wide it may be. */
  room: number;
  text: string;
  /** Still being decoded. */
  growing: boolean;
  index: number;
}

/** Where each second and each answer stands on the strip. Each one costs the same, however many there are. */
export class Track {
  readonly cells: Cell[] = [];
  readonly flags: Flag[] = [];
  readonly #lanes: (Flag | undefined)[] = [];

  get width(): number {
    const last = this.cells.at(-1);
    return last ? last.x + CELL : 0;
  }

  add(turn: Turn): Cell {
    const gap = Math.min(turn.behind, LONGEST_GAP) * CELL;
    const cell = { turn, gap, x: this.width + gap };
    this.cells.push(cell);
    return cell;
  }

  /** A flag at the next cell, in the first lane that is free or has been the longest without one. */
  plant(round: number): Flag {
    const last = this.cells.at(-1)?.turn.round ?? -1;
    const x = this.width + Math.min(round - last - 1, LONGEST_GAP) * CELL;
    const room = (lane: number): number => x - (this.#lanes[lane]?.x ?? -Infinity);
    let lane = 0;
    for (let other = 0; other < LANES && room(lane) < FLAG; other += 1) if (room(other) >= FLAG || room(other) > room(lane)) lane = other;
    const before = this.#lanes[lane];
    if (before) before.room = Math.min(before.room, room(lane) - 6);
    const flag = { x, lane, room: FLAG - 6, text: "", growing: true, index: this.cells.length };
    this.#lanes[lane] = flag;
    this.flags.push(flag);
    return flag;
  }

  /** Takes the newest flag away. */
  uproot(): void {
    const flag = this.flags.pop();
    if (flag) this.#lanes[flag.lane] = undefined;
  }

  /** The first cell that ends right of `x`. */
  cellAt(x: number): number {
    return firstWhere(this.cells.length, (i) => this.cells[i]!.x + CELL > x);
  }

  /** The first flag that could reach right of `x`. */
  flagAt(x: number): number {
    return firstWhere(this.flags.length, (i) => this.flags[i]!.x + FLAG > x);
  }

  /** The next answer after, or the last before, a cell; `null` if there is none. */
  answerBeside(index: number, step: 1 | -1): number | null {
    const after = firstWhere(this.flags.length, (i) => this.flags[i]!.index > index);
    if (step === 1) return this.flags[after]?.index ?? null;
    const before = this.flags[after - 1]?.index === index ? after - 2 : after - 1;
    return this.flags[before]?.index ?? null;
  }
}

/** The first of `0 … count` for which an ascending condition holds. */
function firstWhere(count: number, holds: (i: number) => boolean): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
