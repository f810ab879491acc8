import { StreamoError } from "./errors.js";
import type { Progress } from "./types.js";
import type { Asked, RequestName, Requests, Said } from "./worker/messages.js";

/** What a worker says without having been asked. */
export interface Hearing {
  progress(progress: Progress): void;
  token(session: number, round: number, text: string): void;
  /** The worker is of no more use: its GPU is gone, or its engine has failed. It is told once. */
  lost(reason: string): void;
}

interface Waiting {
  resolve(gets: never): void;
  reject(error: StreamoError): void;
}

/** The worker in which the engine runs. */
export class Host {
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  private gone: StreamoError | undefined;

  constructor(
    private readonly worker: Worker,
    private readonly hearing: Hearing,
  ) {
    worker.addEventListener("message", ({ data }: MessageEvent<Said>) => this.hear(data));
    worker.addEventListener("error", (event) => {
      // Without a message the script itself could not be loaded.
      const message = event.message || "the worker cannot be loaded";
      this.lose(new StreamoError("internal", message, { hint: WORKER_HINT }));
    });
    worker.addEventListener("messageerror", () => {
      this.lose(new StreamoError("internal", "the worker said what cannot be read"));
    });
  }

  /** Has something done; what is in `transfer` is the worker's then. */
  ask<N extends RequestName>(
    name: N,
    asks: Requests[N]["asks"],
    transfer: Transferable[] = [],
  ): Promise<Requests[N]["gets"]> {
    return new Promise((resolve, reject) => {
      if (this.gone) {
        return reject(this.gone);
      }
      const id = this.next++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, asks } as Asked, transfer);
    });
  }

  /** Ends the worker and everything in it; whoever waits gets `reason`. */
  end(reason: StreamoError): void {
    this.gone ??= reason;
    this.worker.terminate();
    this.waiting.forEach(({ reject }) => reject(reason));
    this.waiting.clear();
  }

  private hear(said: Said): void {
    switch (said.kind) {
      case "done":
        this.take(said.id)?.resolve(said.gets as never);
        break;
      case "failed": {
        const error = new StreamoError(said.code, said.message);
        this.take(said.id)?.reject(error);
        if (said.fatal || said.code === "device-lost") {
          this.lose(error);
        }
        break;
      }
      case "progress":
        this.hearing.progress(said.progress);
        break;
      case "token":
        this.hearing.token(said.session, said.round, said.text);
        break;
      case "lost":
        this.lose(new StreamoError("device-lost", said.reason));
    }
  }

  private take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  private lose(reason: StreamoError): void {
    if (!this.gone) {
      this.end(reason);
      this.hearing.lost(reason.message);
    }
  }
}

const WORKER_HINT =
  "Make sure that the package's engine folder is served beside the bundle, or give a workerFactory; a Content-Security-Policy must allow it (worker-src).";
