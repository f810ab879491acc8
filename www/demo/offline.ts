/** The service worker: everything that the page is made of comes from its cache, so it opens without a network. */

/** Of all files of the page; put in by the build. */
declare const STREAMO_VERSION: string;
/** The files of the page, relative to it; put in by the build. */
declare const STREAMO_FILES: readonly string[];

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface OfflineScope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

const scope = self as unknown as OfflineScope;
const PREFIX = "streamo-demo-";
const CACHE = PREFIX + STREAMO_VERSION;

scope.addEventListener("install", (event) => event.waitUntil(fill()));
scope.addEventListener("activate", (event) => event.waitUntil(clean()));
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const ours = new URL(request.url).origin === location.origin;
  if (ours && request.method === "GET") event.respondWith(answer(request));
});
// a new version waits until the visitor takes it: two versions never mix in one page
scope.addEventListener("message", (event) => {
  if (event.data === "take over") void scope.skipWaiting();
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(STREAMO_FILES.map((file) => new Request(file, { cache: "reload" })));
}

async function clean(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: true });
  if (!found) return fetch(request);
  const range = request.headers.get("range");
  return range ? part(found, range) : found;
}

/** A piece of a cached file: Safari plays a video from nothing else. */
async function part(whole: Response, range: string): Promise<Response> {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(range);
  if (!asked) return whole;
  const bytes = await whole.blob();
  const from = Number(asked[1]);
  const last = Math.min(asked[2] ? Number(asked[2]) : Infinity, bytes.size - 1);
  if (from > last) return new Response(null, { status: 416, headers: { "content-range": `bytes */${bytes.size}` } });
  return new Response(bytes.slice(from, last + 1, bytes.type), {
    status: 206,
    headers: {
      "content-type": whole.headers.get("content-type") ?? bytes.type,
      "content-length": String(last + 1 - from),
      "content-range": `bytes ${from}-${last}/${bytes.size}`,
      "accept-ranges": "bytes",
    },
  });
}
