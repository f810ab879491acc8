import type { StreamoError } from "./errors.js";
import type { Turn } from "./types.js";

interface Reader {
  ready: Turn[];
  wake: (() => void) | null;
}

/** Turns that wait for a reader at most: an hour of them. */
const MOST = 3600;

/** Turns for however many readers, each at its own speed. The first gets them from the beginning. */
export class TurnQueue {
  private first: Reader | undefined = { ready: [], wake: null };
  private readonly readers = new Set<Reader>([this.first as Reader]);
  private over = false;
  private error: StreamoError | undefined;

  /** For everyone who reads now. */
  add(turn: Turn): void {
    this.readers.forEach((reader) => {
      reader.ready.push(turn);
      if (reader.ready.length > MOST) {
        reader.ready.shift();
      }
      reader.wake?.();
    });
  }

  /** No more will come; readers who have read all throw `error`, if there is one. */
  end(error?: StreamoError): void {
    this.over = true;
    this.error = error;
    this.readers.forEach((reader) => reader.wake?.());
  }

  /** For another reader. */
  from(): AsyncGenerator<Turn, void, undefined> {
    const reader = this.first ?? { ready: [], wake: null };
    this.first = undefined;
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
