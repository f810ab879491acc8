/** What went wrong, for programs. */
export type ErrorCode =
  /** Neither WebGPU nor what was asked for instead can be had here. */
  | "no-webgpu"
  /** There is WebGPU, and no adapter that can be opened, or it computes wrongly. */
  | "adapter-refused"
  | "camera-denied"
  | "camera-absent"
  | "camera-in-use"
  /** The camera was unplugged, or taken away. */
  | "camera-lost"
  /** There is no model there. */
  | "model-missing"
  /** A file is not what it should be, and fetching it again did not help. */
  | "model-corrupt"
  | "model-too-large"
  | "out-of-memory"
  /** The GPU was lost, and could not be replaced. */
  | "device-lost"
  /** The browser keeps no more on this device's disk. */
  | "quota-exceeded"
  | "network"
  | "aborted"
  /** The program asked for something that cannot be: see the message. */
  | "invalid"
  /** A fault of ours. */
  | "internal";

const HINTS: Record<ErrorCode, string> = {
  "no-webgpu": "Use a browser with WebGPU, such as a current Chrome, Edge, Safari or Firefox, or the device \"cpu\".",
  "adapter-refused": "Update the browser or the graphics driver, or use the device \"cpu\".",
  "camera-denied": "Allow the camera in the browser's settings for this site, and start again.",
  "camera-absent": "Connect a camera, or watch a video file.",
  "camera-in-use": "Close the program that uses the camera, and start again.",
  "camera-lost": "Connect the camera, and start again.",
  "model-missing": "Check the model's address: it is a directory with a streamo-pack.json, as `streamo pack` makes it.",
  "model-corrupt": "Download or pack the model again.",
  "model-too-large": "Use a smaller model, or one with fewer bits a weight.",
  "out-of-memory": "Close other tabs, use a smaller model or a smaller window.",
  "device-lost": "Load the model again; if it happens again, update the graphics driver.",
  "quota-exceeded": "Free space on this device, or load with cache: \"no-store\".",
  network: "Check the connection and try again: what was downloaded is kept.",
  aborted: "It was asked for.",
  invalid: "See the message.",
  internal: "Please report this.",
};

/** Every error that this package throws. */
export class StreamoError extends Error {
  override readonly name = "StreamoError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** What to do about it, for people. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint ?? HINTS[code];
  }
}
