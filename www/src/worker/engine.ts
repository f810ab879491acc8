import { Engine, type Watcher } from "../../engine/streamo_wgpu.js";
import { StreamoError } from "../errors.js";
import { startModule } from "../module.js";
import type { Description, Progress } from "../types.js";
import type { Asked, Opened, OpenRequest, Picture, RequestName, Requests, Said, Watched } from "./messages.js";
import { find, type ModelFiles, type ModelSource } from "./model.js";
import { Canvas, sizeOf } from "./pictures.js";

type Say = (said: Said) => void;

let engine: Engine | undefined;
let opened: Opened | undefined;
const watchers = new Map<number, Watcher>();
let forPixels: Canvas | undefined;
let forKeeping: Canvas | undefined;

/** Does what is asked. */
export async function serve(asked: Asked, say: Say): Promise<unknown> {
  switch (asked.name) {
    case "describe":
      return describe(asked.asks, say);
    case "open":
      return open(asked.asks, say);
    case "watch":
      return watch(asked.asks);
    case "frame":
      return frame(asked.asks, say);
    case "recall":
      return recall(asked.asks);
    case "ask":
      return watcher(asked.asks.session).ask(asked.asks.at, asked.asks.text);
    case "withdraw":
      return watcher(asked.asks.session).withdraw(asked.asks.text);
    case "rule":
      return watcher(asked.asks.session).decide_by(JSON.stringify(asked.asks.rule));
    case "close":
      watchers.get(asked.asks.session)?.free();
      watchers.delete(asked.asks.session);
  }
}

type Asks<N extends RequestName> = Requests[N]["asks"];
type Gets<N extends RequestName> = Requests[N]["gets"];

async function describe(request: OpenRequest, say: Say): Promise<Description> {
  const source = await begin(request, say);
  const { about } = await meet(source, request);
  return { ...about, download: await source.missing() };
}

async function open(request: OpenRequest, say: Say): Promise<Opened> {
  const source = await begin(request, say);
  try {
    opened = await load(source, request, say);
  } catch (error) {
    // The disk may have lost something since it was downloaded.
    const damaged = error instanceof Error && error.name === "model-corrupt";
    if (!damaged || !(await source.forget())) {
      throw error;
    }
    opened = await load(source, request, say);
  }
  progress(say, "ready", 1, 1);
  return opened;
}

async function begin({ model, cache, wasmUrl }: OpenRequest, say: Say): Promise<ModelSource> {
  const module = wasmUrl ?? new URL("./streamo.wasm", import.meta.url).href;
  await startModule(module, (loaded, total) => progress(say, "engine", loaded, total));
  Engine.on_loss((reason: string) => say({ kind: "lost", reason }));
  return find(model, cache);
}

/** Opens the device for a model of which no more than its description is here. */
async function meet(
  source: ModelSource,
  request: OpenRequest,
): Promise<{ engine: Engine; about: Opened; describing: ModelFiles }> {
  const describing = await source.describing();
  engine ??= await Engine.open(request.device, request.frames, source.place, describing);
  return { engine, about: JSON.parse(engine.about(source.place, describing)) as Opened, describing };
}

async function load(source: ModelSource, request: OpenRequest, say: Say): Promise<Opened> {
  const { engine, about, describing } = await meet(source, request);
  const files = await source.all(describing, (loaded, total) => progress(say, "download", loaded, total));
  engine.load(source.place, files, (loaded: number) => progress(say, "load", loaded, about.model.bytes));
  return about;
}

function progress(say: Say, stage: Progress["stage"], loaded: number, total: number): void {
  say({ kind: "progress", progress: { stage, loaded, total } });
}

function watch({ session, wishes }: Asks<"watch">): Gets<"watch"> {
  if (!engine) {
    throw new StreamoError("internal", "no model is open");
  }
  const begun = engine.watch(JSON.stringify(wishes));
  watchers.set(session, begun);
  return { fps: begun.fps, window: begun.window };
}

async function frame({ session, round, picture }: Asks<"frame">, say: Say): Promise<Watched> {
  try {
    const hear = (text: string): void => say({ kind: "token", session, round, text });
    const told = await look(watcher(session), round, picture, hear);
    const watched = JSON.parse(told) as Watched;
    if (opened?.device.kind === "webgpu") {
      forKeeping ??= new Canvas(false);
      const [width, height] = watcher(session).seen(...sizeOf(picture)) as unknown as [number, number];
      watched.seen = await forKeeping.shrunk(picture, width, height);
    }
    return watched;
  } finally {
    if ("close" in picture) {
      picture.close();
    }
  }
}

async function look(to: Watcher, round: number, picture: Picture, hear: (text: string) => void): Promise<string> {
  if (opened?.device.frames === "gpu" && picture instanceof ImageBitmap) {
    return to.watch_bitmap(round, picture, hear);
  }
  forPixels ??= new Canvas(true);
  const { width, height, bytes } = forPixels.pixels(picture);
  return to.watch(round, width, height, bytes, hear);
}

async function recall({ session, round, seen, generated }: Asks<"recall">): Promise<undefined> {
  const picture = await createImageBitmap(seen);
  forPixels ??= new Canvas(true);
  const { width, height, bytes } = forPixels.pixels(picture);
  picture.close();
  await watcher(session).recall(round, width, height, bytes, new Uint32Array(generated));
}

function watcher(session: number): Watcher {
  const found = watchers.get(session);
  if (!found) {
    throw new StreamoError("internal", `there is no session ${session}`);
  }
  return found;
}
