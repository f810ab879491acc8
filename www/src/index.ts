/**
 * Streaming video language models that decide for themselves when to speak, on the user's own device.
 *
 * ```ts
 * import { Streamo } from "streamo-wgpu";
 *
 * const streamo = await Streamo.load();
 * for await (const turn of streamo.watch(video, { question: "Tell me when someone comes in." })) {
 *   if (turn.state === "response") console.log(turn.from, turn.text);
 * }
 * ```
 *
 * @module
 */

export { StreamoError, type ErrorCode } from "./errors.js";
export { type Probe } from "./probe.js";
export { type Speed } from "./speed.js";
export type { Session } from "./session.js";
export { Streamo } from "./streamo.js";
export type * from "./types.js";
