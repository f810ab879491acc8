// A server of files on this machine, which can be told to misbehave.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webm": "video/webm",
  ".webmanifest": "application/manifest+json",
};
const BLANK = '<!doctype html><html lang="en"><title>a test</title><link rel="icon" href="data:,"><body>';

/** As strict as a page that uses the package can be. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";

export const house = fileURLToPath(new URL("../../", import.meta.url));
export const dist = join(house, "www/dist");
/** The tiny model of the fixtures as a pack. It decides at random, so that every state occurs, and no round takes long. */
export const tiny = process.env.STREAMO_TINY;

/**
 * Serves folders by the beginning of a path, and at `/` an empty page, unless a folder is there. `fault` sees each request
 * first and says whether it has taken it; `policy` is the Content-Security-Policy of pages and workers. `asked` lists the
 * paths that were asked for. In the place of the package's own model stands the tiny one.
 */
export async function serve(folders, { fault = () => false, policy = STRICT } = {}) {
  const asked = [];
  const mounts = Object.entries({ "/dist/engine/model/": tiny, ...folders });
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    asked.push(path);
    if (fault(request, response, path)) {
      return;
    }
    if (path === "/" && !folders["/"]) {
      return response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(BLANK);
    }
    const [mount, folder] = mounts.find(([mount]) => path.startsWith(mount)) ?? [];
    const file = folder && join(folder, normalize(path.slice(mount.length)));
    await sendFile(request, response, file && path.endsWith("/") ? join(file, "index.html") : file, policy);
  });
  await new Promise((listening) => server.listen(0, "localhost", listening));
  return {
    url: `http://localhost:${server.address().port}`,
    asked,
    close: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  };
}

async function sendFile(request, response, file, policy) {
  const size = file && (await stat(file).catch(() => null))?.size;
  if (size === undefined || size === null) {
    return response.writeHead(404).end();
  }
  const headers = { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "accept-ranges": "bytes" };
  if ([".html", ".js"].includes(extname(file))) {
    headers["content-security-policy"] = policy;
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined) {
    response.writeHead(200, { ...headers, "content-length": size });
    return createReadStream(file).pipe(response);
  }
  const [start, end] = [Number(first), last ? Math.min(Number(last), size - 1) : size - 1];
  if (start > end) {
    return response.writeHead(416, { "content-range": `bytes */${size}` }).end();
  }
  response.writeHead(206, { ...headers, "content-length": end - start + 1, "content-range": `bytes ${start}-${end}/${size}` });
  createReadStream(file, { start, end }).pipe(response);
}
