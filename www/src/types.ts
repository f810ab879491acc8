/** What the model makes of a second. */
export type State = "silence" | "standby" | "response";

/** A number for each state: logits, or probabilities that add up to 1. */
export type ByState = Record<State, number>;

/** What came of one round, a second at one frame a second. */
export interface Turn {
  /** Counted from 0. Rounds go forward; one that was not watched is left out and counted in {@link Turn.behind}. */
  round: number;
  /** When it begins, in seconds of the stream. */
  from: number;
  /** When it ends. */
  to: number;
  /** The model's state; `null` where freely decoded text begins with none. */
  state: State | null;
  /** The answer, after `response`. */
  text: string;
  /** The logits of the states; `null` before the first question, when the model is not asked. */
  logits: ByState | null;
  /** The same as probabilities. */
  probabilities: ByState | null;
  /** What it took in tokens; `memory` is how many are kept. */
  tokens: { vision: number; prefill: number; generated: number; memory: number };
  /** What it took, in milliseconds. */
  ms: { frame: number; vision: number; prefill: number; decode: number };
  /** Bytes in use when it was over: of the device's memory, where somebody counts them, and of the engine's own. */
  bytes: { device: number | null; engine: number };
  /** Rounds before this one whose frames were passed over because the device was busy, or the tab hidden. */
  behind: number;
  /** When the frame was taken, as `Date.now()` tells it. */
  takenAt: number;
  /** Where the video stood, in its own seconds; `null` for cameras and frames that are handed in. */
  mediaTime: number | null;
}

/** A question, put at a second of the stream: at once without `at`, and then from the next round on. */
export interface Question {
  text: string;
  /** Seconds into the stream. */
  at?: number;
}

/** How the three logits become a state. */
export interface DecisionRule {
  /** Answer exactly when the probability of `response` reaches this; `null`: as the model has it, see {@link ModelInfo.threshold}. */
  threshold?: number | null;
  /** Added to the logits of silence, standby and response before they are compared. */
  bias?: [number, number, number];
}

/** How a stream is watched. */
export interface WatchOptions extends DecisionRule {
  /** What to look for: standing questions. More can come by {@link Session.ask}. */
  question?: string | Question | readonly (string | Question)[];
  /** Rounds a second; the model's own, usually 1, without it. */
  fps?: number;
  /** Rounds whose frames are kept in memory; the model's own without it. */
  window?: number;
  /** How keys and values stand in memory: `q8` takes 28 % of `f32`. */
  arena?: "f32" | "q8";
  /** Most tokens of an answer; the model's own limit without it. */
  maxTokens?: number;
  /** What a hidden page does: `pause` passes over its seconds, `watch` goes on where the browser lets it. */
  hidden?: "pause" | "watch";
  /** Ends the session when it is aborted; whoever reads its turns gets the error `aborted`. */
  signal?: AbortSignal;
}

/** A picture and when it was seen, for frames that are handed in. */
export interface TimedFrame {
  /** Taken over, and closed after use. */
  image: ImageBitmap | VideoFrame | ImageData;
  /** Seconds into the stream; it counts for the round that it falls into. */
  time: number;
}

/**
 * What can be watched: a `<video>` with whatever it plays (its camera may be taken away and given back meanwhile), a camera's stream or track, or frames one by one, which are
 * taken as fast as they are watched and never passed over.
 */
export type Source = HTMLVideoElement | MediaStream | MediaStreamTrack | AsyncIterable<TimedFrame>;

/**
 * A model: `"mini"`, which comes with the package; the address of a pack's directory; the files of a pack, as they were
 * chosen or as a directory, in which a checkpoint or GGUF files do as well; or a pack's files by name with an address each.
 */
export type ModelSource =
  | string
  | URL
  | readonly File[]
  | FileList
  | FileSystemDirectoryHandle
  | Readonly<Record<string, string | URL>>;

/** Where a model runs. */
export type DeviceKind = "webgpu" | "cpu";

/** Where a model runs, and why there. */
export interface DeviceInfo {
  kind: DeviceKind;
  /** What the adapter calls itself, as far as the browser tells. */
  name: string;
  /** Why this one. */
  reason: string;
  /** Whether the CPU plays the GPU. */
  software: boolean;
  /** Whether kernels compute in f16 where it serves. */
  f16: boolean;
  /** Lanes of the smallest subgroup; 0 where kernels may not use subgroups. */
  subgroup: number;
  /** Whether frames go to the GPU without passing through the CPU. */
  frames: "gpu" | "cpu";
}

/** What stands before a model can watch. */
export interface Progress {
  /** In this order; a model that is cached skips nothing, its `download` is just over at once. */
  stage: "engine" | "download" | "load" | "ready";
  /** Bytes of this stage that are done. Never falls. */
  loaded: number;
  /** Bytes of this stage; 0 while it is not known. */
  total: number;
}

/** How a model is loaded. */
export interface LoadOptions {
  /** Without it `"mini"`, the model that comes with the package. */
  model?: ModelSource;
  /** `auto`, the default, takes WebGPU unless there is none or the CPU is likely to be faster. */
  device?: "auto" | DeviceKind;
  /**
   * How frames reach the device: `gpu` as bitmaps that never pass through main memory, `cpu` through a canvas; `auto`, the
   * default, takes what is faster. The model sees the same.
   */
  frames?: "auto" | "gpu" | "cpu";
  /** As of `fetch`: `reload` asks the network anew, `no-store` leaves nothing behind. */
  cache?: "default" | "reload" | "no-store";
  onProgress?: (progress: Progress) => void;
  /** Gives up loading; a download goes on from there the next time. */
  signal?: AbortSignal;
  /** Where `streamo.wasm` is, if not beside the worker. */
  wasmUrl?: string | URL;
  /** Makes the worker, if the bundler cannot: a module worker of `streamo-wgpu/worker`. */
  workerFactory?: () => Worker;
}

/** What is known of a model once it is loaded. */
export interface ModelInfo {
  /** What it is, in a sentence for people; `null` if it does not say. */
  about: string | null;
  /** Parameters. */
  parameters: number;
  /** Bytes of its weights as they are stored. */
  bytes: number;
  /** The format of its matrices. */
  weights: "f32" | "f16" | "q8" | "q4";
  /** Rounds a second that it was made for. */
  fps: number;
  /** Rounds whose frames it keeps. */
  window: number;
  /** What the probability of `response` must reach for an answer; `null`: the likeliest state wins. */
  threshold: number | null;
  /** Bytes on the device: of its weights, and of the memory of a stream with its own window. */
  needs: { weights: number; memory: number };
}

/** What is known of a model before its weights are fetched. */
export interface Description {
  device: DeviceInfo;
  model: ModelInfo;
  /** Bytes of weights that are still to be fetched. */
  download: number;
}

/** What a session tells, by name. */
export interface SessionEvents {
  /** A round is over. */
  turn: Turn;
  /** A piece of an answer, as it is decoded. */
  token: { round: number; text: string };
  /** Rounds were passed over: how many, up to which. */
  behind: { rounds: number; round: number };
  /** No frames come for now. */
  paused: { reason: "asked" | "hidden" | "video" };
  /** They come again. */
  resumed: { reason: "asked" | "hidden" | "video" };
  /** The GPU was lost; it is being replaced, and the session goes on. */
  lost: { reason: string };
  /** It goes on, and so many rounds were read again. */
  recovered: { rounds: number };
  /** The stream is over: its video ended, or the session was closed. */
  end: { reason: "ended" | "closed" };
  /** The session failed and is over. */
  error: import("./errors.js").StreamoError;
}
