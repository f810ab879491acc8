import type { Description, DeviceInfo, DeviceKind, ModelInfo, Progress, Turn } from "../types.js";
import type { ErrorCode } from "../errors.js";

/** Where a model's files are, in a form that a worker can be told. */
export type ModelPlace =
  /** A pack's directory, which ends with a slash. */
  | { kind: "directory"; url: string }
  /** The files of a pack, an address each. */
  | { kind: "addresses"; files: Record<string, string> }
  /** Files on this device. */
  | { kind: "files"; files: File[] }
  | { kind: "folder"; folder: FileSystemDirectoryHandle };

/** What {@link Requests.open} is given. */
export interface OpenRequest {
  model: ModelPlace;
  device: "auto" | DeviceKind;
  frames: "auto" | "gpu" | "cpu";
  cache: "default" | "reload" | "no-store";
  wasmUrl?: string;
}

/** What is known once a model is open. */
export interface Opened {
  device: DeviceInfo;
  model: ModelInfo;
}

/** The rule of a decision, with nothing left open. */
export interface Rule {
  threshold: number | null;
  bias: [number, number, number];
}

/** How a stream is to be watched, as the engine takes it. */
export interface Wishes {
  fps?: number;
  window?: number;
  arena?: "f32" | "q8";
  maxTokens?: number;
  rule: Rule;
}

/** A picture that can be brought to the engine. */
export type Picture = ImageBitmap | VideoFrame | ImageData;

/** A turn as the engine tells it, and what it takes to read it again. */
export type Watched = Omit<Turn, "probabilities" | "behind" | "takenAt" | "mediaTime"> & {
  generated: number[];
  /** The frame, as large as the model sees it; where the device cannot be lost there is none. */
  seen?: Blob;
};

/** What a page asks of the worker, and what it gets. Requests are served one after the other. */
export interface Requests {
  describe: { asks: OpenRequest; gets: Description };
  open: { asks: OpenRequest; gets: Opened };
  watch: { asks: { session: number; wishes: Wishes }; gets: { fps: number; window: number } };
  frame: { asks: { session: number; round: number; picture: Picture }; gets: Watched };
  recall: { asks: { session: number; round: number; seen: Blob; generated: number[] }; gets: undefined };
  ask: { asks: { session: number; at: number; text: string }; gets: undefined };
  withdraw: { asks: { session: number; text: string }; gets: undefined };
  rule: { asks: { session: number; rule: Rule }; gets: undefined };
  close: { asks: { session: number }; gets: undefined };
}

/** The name of a request. */
export type RequestName = keyof Requests;

/** A request on its way. */
export type Asked = { [N in RequestName]: { id: number; name: N; asks: Requests[N]["asks"] } }[RequestName];

/** What the worker says. */
export type Said =
  | { kind: "done"; id: number; gets: unknown }
  | { kind: "failed"; id: number; code: ErrorCode; message: string; fatal: boolean }
  | { kind: "progress"; progress: Progress }
  | { kind: "token"; session: number; round: number; text: string }
  | { kind: "lost"; reason: string };
