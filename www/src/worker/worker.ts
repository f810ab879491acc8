// The worker: it owns the engine and everything that is on the device. The page asks, see messages.ts.

import { explain } from "../explain.js";
import { serve } from "./engine.js";
import type { Asked, Said } from "./messages.js";

const say = (said: Said): void => postMessage(said);

let last: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  last = last.then(async () => {
    try {
      say({ kind: "done", id: data.id, gets: await serve(data, say) });
    } catch (error) {
      say({ kind: "failed", id: data.id, ...explain(error) });
    }
  });
});
