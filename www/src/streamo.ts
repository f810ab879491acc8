import { bundled } from "./bundled.js";
import { StreamoError } from "./errors.js";
import { Host } from "./host.js";
import { probe, type Probe } from "./probe.js";
import { Session } from "./session.js";
import type { Description, DeviceInfo, LoadOptions, ModelInfo, ModelSource, Source, WatchOptions } from "./types.js";
import type { ModelPlace, Opened, OpenRequest } from "./worker/messages.js";

/** GPUs that may be lost within {@link LOSSES_WITHIN} milliseconds, before it is given up. */
const LOSSES = 3;
const LOSSES_WITHIN = 60_000;

/** A model on this device, ready to watch. */
export class Streamo {
  private readonly sessions = new Map<number, Session>();
  private next = 0;
  private losses: number[] = [];
  private disposed = false;
  private host: Promise<Host>;

  private constructor(
    host: Host,
    private opened: Opened,
    private readonly start: (progress: LoadOptions["onProgress"]) => Starting,
  ) {
    this.host = Promise.resolve(host);
  }

  /**
   * Fetches a model, brings it onto the device and makes sure that the device computes what it should. What was fetched
   * stays in the browser: the next time takes no network.
   *
   * @throws StreamoError
   */
  static async load(options: LoadOptions = {}): Promise<Streamo> {
    const request = requestOf(options);
    let loaded: Streamo | undefined;
    const start = (progress: LoadOptions["onProgress"]): Starting => {
      const host = new Host(makeWorker(options), {
        progress: (told) => progress?.(told),
        token: (session, round, text) => loaded?.sessions.get(session)?.hear(round, text),
        lost: (reason) => void loaded?.recover(reason),
      });
      return { host, opened: host.ask("open", request) };
    };
    const { host, opened } = start(options.onProgress);
    loaded = new Streamo(host, await unlessAborted(host, opened, options.signal), start);
    return loaded;
  }

  /**
   * What a model is, what it needs and where it would run, before its weights are fetched. {@link LoadOptions} mean the same
   * as for {@link Streamo.load}.
   *
   * @throws StreamoError
   */
  static async describe(options: LoadOptions = {}): Promise<Description> {
    const request = requestOf(options);
    const host = new Host(makeWorker(options), {
      progress: (told) => options.onProgress?.(told),
      token: () => undefined,
      lost: () => undefined,
    });
    const described = await unlessAborted(host, host.ask("describe", request), options.signal);
    host.end(new StreamoError("aborted", "the model was only described"));
    return described;
  }

  /** Says, before any download, whether this device can do it, and how fast it is. */
  static probe(): Promise<Probe> {
    return probe();
  }

  /** Where the model runs, and why there. */
  get device(): DeviceInfo {
    return this.opened.device;
  }

  /** What is known of the model. */
  get model(): ModelInfo {
    return this.opened.model;
  }

  /** Begins to watch. Several streams may be watched at once; they share the device. */
  watch(source: Source, options: WatchOptions = {}): Session {
    if (this.disposed) {
      throw new StreamoError("invalid", "this model was disposed of");
    }
    const id = this.next++;
    const session = new Session(id, this.host, source, options, () => this.sessions.delete(id));
    this.sessions.set(id, session);
    return session;
  }

  /** Ends every session and gives everything back: the device's memory, and the worker's. */
  async dispose(): Promise<void> {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    await Promise.all([...this.sessions.values()].map((session) => session.close()));
    const host = await this.host.catch(() => undefined);
    host?.end(new StreamoError("aborted", "this model was disposed of"));
  }

  /** Starts anew in another worker, on another device, with the files that are on the disk; the sessions go on there. */
  private async recover(reason: string): Promise<void> {
    if (this.disposed) {
      return;
    }
    const now = Date.now();
    this.losses = [...this.losses.filter((then) => then > now - LOSSES_WITHIN), now];
    if (this.losses.length > LOSSES) {
      this.sessions.forEach((session) => session.fail(new StreamoError("device-lost", `${reason}, again and again`)));
      return;
    }
    const { host, opened } = this.start(undefined);
    this.host = opened.then((known) => {
      this.opened = known;
      return host;
    });
    // Without a session nobody waits for it; the next one hears of it.
    this.host.catch(() => undefined);
    await Promise.all([...this.sessions.values()].map((session) => session.moveTo(this.host, reason)));
  }
}

interface Starting {
  host: Host;
  opened: Promise<Opened>;
}

/** What `opening` comes to; a worker whose opening fails, or is not wanted any more, is ended. */
async function unlessAborted<T>(host: Host, opening: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const abort = (): void => host.end(new StreamoError("aborted", "loading was aborted", { cause: signal?.reason }));
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) {
    abort();
  }
  try {
    return await opening;
  } catch (error) {
    host.end(new StreamoError("aborted", "the model was not loaded"));
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function makeWorker({ workerFactory }: LoadOptions): Worker {
  if (typeof Worker === "undefined") {
    throw new StreamoError("invalid", "a model can be loaded in a browser only", { hint: "Call it in the page, not on the server." });
  }
  try {
    return workerFactory?.() ?? new Worker(new URL("./engine/worker.js", import.meta.url), { type: "module", name: "streamo-wgpu" });
  } catch (cause) {
    // A worker must be of the page's own site, and the policy must allow it.
    const hint = "Serve worker.js from the page's own site, or give a workerFactory; a Content-Security-Policy must allow it.";
    throw new StreamoError("internal", "the worker cannot be started", { cause, hint });
  }
}

function requestOf({ model, device = "auto", frames = "auto", cache = "default", wasmUrl }: LoadOptions): OpenRequest {
  const request: OpenRequest = { model: placeOf(model), device, frames, cache };
  if (wasmUrl !== undefined) {
    request.wasmUrl = absolute(wasmUrl);
  }
  return request;
}

function placeOf(model: ModelSource | undefined): ModelPlace {
  if (model === undefined || model === "mini") {
    return { kind: "addresses", files: bundled() };
  }
  if (typeof model === "string" || model instanceof URL) {
    const url = absolute(model);
    return { kind: "directory", url: url.endsWith("/") ? url : `${url}/` };
  }
  if (model instanceof FileList || Array.isArray(model)) {
    return { kind: "files", files: Array.from(model as FileList | File[]) };
  }
  if (model instanceof FileSystemDirectoryHandle) {
    return { kind: "folder", folder: model };
  }
  const files = Object.entries(model as Record<string, string | URL>).map(([name, url]) => [name, absolute(url)]);
  return { kind: "addresses", files: Object.fromEntries(files) as Record<string, string> };
}

function absolute(url: string | URL): string {
  try {
    return new URL(url, document.baseURI).href;
  } catch (cause) {
    throw new StreamoError("invalid", `${String(url)} is no address`, { cause });
  }
}
