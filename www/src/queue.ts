import type { StreamoError } from "./errors.js";
import type { Turn } from "./types.js";

interface Reader {
  ready: Turn[];
  wake: (() => void) | null;
}

/** Turns for however many readers, each at its own speed. */
export class TurnQueue {
  private readonly readers = new Set<Reader>();
  private over = false;
  private error: StreamoError | undefined;

  /** For everyone who reads now. */
  add(turn: Turn): void {
    this.readers.forEach((reader) => {
      reader.ready.push(turn);
      reader.wake?.();
    });
  }

  /** No more will come; readers who have read all throw `error`, if there is one. */
  end(error?: StreamoError): void {
    this.over = true;
    this.error = error;
    this.readers.forEach((reader) => reader.wake?.());
  }

  /** The turns from now on. */
  from(): AsyncGenerator<Turn, void, undefined> {
    const reader: Reader = { ready: [], wake: null };
    this.readers.add(reader);
    return this.read(reader);
  }

  private async *read(reader: Reader): AsyncGenerator<Turn, void, undefined> {
    try {
      for (;;) {
        const turn = reader.ready.shift();
        if (turn) {
          yield turn;
        } else if (this.over) {
          if (this.error) {
            throw this.error;
          }
          return;
        } else {
          await new Promise<void>((resolve) => (reader.wake = resolve));
          reader.wake = null;
        }
      }
    } finally {
      this.readers.delete(reader);
    }
  }
}
