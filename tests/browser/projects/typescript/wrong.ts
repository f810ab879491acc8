// What TypeScript has to refuse; where it does not, it complains of the line that expects an error.

import { Streamo, StreamoError, type Session, type Turn } from "streamo-wgpu";
import { openCamera } from "streamo-wgpu/camera";

declare const streamo: Streamo;
declare const session: Session;
declare const turn: Turn;
declare const error: StreamoError;
declare const video: HTMLVideoElement;

// @ts-expect-error: there is no such state
turn.state === "speaking";
// @ts-expect-error: before the first question there are none
turn.logits.silence;
// @ts-expect-error: there is no such code
error.code === "no-gpu";
// @ts-expect-error: there is no such option
await Streamo.load({ gpu: true });
// @ts-expect-error: there is no such device
await Streamo.load({ device: "gpu" });
// @ts-expect-error: an image is no stream
streamo.watch(new Image());
// @ts-expect-error: a bias has three numbers
streamo.watch(video, { bias: [0, 1] });
// @ts-expect-error: there is no such event
session.on("state", () => undefined);
// @ts-expect-error: a model is loaded, not made
new Streamo();
// @ts-expect-error: there is no such way to look
await openCamera({ facing: "front" });
