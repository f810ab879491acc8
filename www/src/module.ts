import start from "../engine/streamo_wgpu.js";
import { get } from "./worker/download.js";

/** Fetches the engine from `url`, and compiles it while it comes. */
export async function startModule(
  url: string,
  progress: (loaded: number, total: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const response = await get(url, { signal: signal ?? null });
  const total = Number(response.headers.get("content-length") ?? 0);
  let loaded = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      loaded += chunk.length;
      // A compressed response has more bytes than its header says.
      progress(loaded, Math.max(loaded, total));
      controller.enqueue(chunk);
    },
  });
  const body = response.body?.pipeThrough(counted) ?? null;
  const module = new Response(body, { headers: { "content-type": "application/wasm" } });
  await start({ module_or_path: module });
}
