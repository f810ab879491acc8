import { StreamoError } from "../errors.js";
import type { Appender, Store } from "./store.js";

/** A file of a pack, as its manifest has it. */
export interface PackedFile {
  name: string;
  bytes: number;
  sha256: string;
}

/** How often in a row the network may bring nothing, and how long to wait after the first time, in milliseconds. */
const FAILURES = 4;
const FIRST_PAUSE = 250;

/**
 * Brings a file into the store, from where an earlier download stopped. `progress` is told how many of its bytes are
 * there; it may fall when a file has to be fetched anew.
 */
export async function download(
  store: Store,
  file: PackedFile,
  url: string,
  progress: (bytes: number) => void,
): Promise<void> {
  // Two tabs may want the same file: the second waits, and finds it there.
  await exclusively(file.sha256, async () => {
    // The engine looks at every file that it reads: what is complete need not be looked at here.
    let right = (await store.size(file.sha256)) === file.bytes;
    for (let times = 0; !right; times++) {
      if (times === 2) {
        throw new StreamoError("model-corrupt", `${url} is not what the manifest says, though it was fetched twice`);
      }
      await fetchRest(store, file, url, progress);
      right = await isRight(store, file);
    }
    progress(file.bytes);
  });
}

/** Whether a file that is there holds what it should; one that does not is removed. */
async function isRight(store: Store, file: PackedFile): Promise<boolean> {
  const bytes = await (await store.read(file.sha256)).arrayBuffer();
  // Without a secure context there is no hash here.
  const right = !globalThis.crypto?.subtle || (await sha256(bytes)) === file.sha256;
  if (!right) {
    await store.remove(file.sha256);
  }
  return right;
}

/** The SHA-256 of some bytes, in lower-case hexadecimal. */
export async function sha256(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Fetches what is missing of a file, and goes on where the network breaks off, as long as it brings anything. */
async function fetchRest(
  store: Store,
  file: PackedFile,
  url: string,
  progress: (bytes: number) => void,
): Promise<void> {
  for (let failures = 0; ; failures++) {
    const there = await store.append(file.sha256);
    const before = there.size;
    let cause: unknown;
    try {
      await fetchInto(there, file, url, progress);
    } catch (error) {
      // What `fetch` and the stream of a body throw when the network fails.
      if (!(error instanceof TypeError)) {
        throw error;
      }
      cause = error;
    } finally {
      there.close();
    }
    if (there.size === file.bytes) {
      return;
    }
    if (there.size > before) {
      failures = 0;
    }
    if (failures === FAILURES) {
      throw new StreamoError("network", `${url} ends after ${there.size} of ${file.bytes} bytes`, { cause });
    }
    await new Promise((resume) => setTimeout(resume, FIRST_PAUSE * 2 ** failures));
  }
}

async function fetchInto(
  there: Appender,
  file: PackedFile,
  url: string,
  progress: (bytes: number) => void,
): Promise<void> {
  if (there.size >= file.bytes) {
    there.clear();
  }
  progress(there.size);
  const response = await request(url, there.size);
  if (response.status !== 206) {
    there.clear();
  }
  for await (const chunk of chunks(response)) {
    if (there.size + chunk.length > file.bytes) {
      throw new StreamoError("model-corrupt", `${url} has more than the ${file.bytes} bytes that the manifest says`);
    }
    there.write(chunk);
    progress(there.size);
  }
}

/** The bytes of `url` from `start` on, or all of them where the server does not send parts. */
async function request(url: string, start: number): Promise<Response> {
  const response = await fetch(url, start > 0 ? { headers: { range: `bytes=${start}-` } } : {});
  const other = response.status === 206 && !response.headers.get("content-range")?.startsWith(`bytes ${start}-`);
  // No such part, or some other one, is of no use. Who was asked for everything is not asked again.
  return start > 0 && (other || response.status === 416) ? request(url, 0) : accept(response, url);
}

/**
 * What `url` answers.
 *
 * @throws StreamoError `network`, `model-missing`
 */
export async function get(url: string, options: RequestInit): Promise<Response> {
  let response;
  try {
    response = await fetch(url, options);
  } catch (cause) {
    throw new StreamoError("network", `${url} cannot be fetched`, { cause });
  }
  return accept(response, url);
}

/** A response that brings something. */
function accept(response: Response, url: string): Response {
  if (response.status === 404 || response.status === 410) {
    throw new StreamoError("model-missing", `there is no ${url}`);
  }
  if (!response.ok) {
    throw new StreamoError("network", `${url} answers ${response.status} ${response.statusText}`.trim());
  }
  return response;
}

async function* chunks(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (!reader) {
    yield new Uint8Array(await response.arrayBuffer());
    return;
  }
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    yield value;
  }
}

async function exclusively(name: string, work: () => Promise<void>): Promise<void> {
  // Absent outside of secure contexts.
  await (navigator.locks ? navigator.locks.request(`streamo-wgpu ${name}`, work) : work());
}
