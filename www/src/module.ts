import start from "../engine/streamo_wgpu.js";
import { StreamoError } from "./errors.js";
import { accept } from "./worker/download.js";

/** Fetches the engine from `url`, and compiles it while it comes. */
export async function startModule(
  url: string,
  progress: (loaded: number, total: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let response;
  try {
    response = await fetch(url, { signal: signal ?? null });
  } catch (cause) {
    throw new StreamoError("network", `${url} cannot be fetched`, { cause });
  }
  const total = Number(accept(response, url).headers.get("content-length") ?? 0);
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
