// What a page that uses the package has to fetch, and how much that may be.

import { createHash } from "node:crypto";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";

const WASM = 3_500_000;
const JS = 40_000;
/** With the model that comes with the package. */
const ALL = 12_000_000;

/** Prints what the page and its worker fetch, compressed as servers do, and fails if it is too much. */
export async function keepBudget() {
  const [wasm, js] = [await brotliOf("dist/engine/streamo.wasm"), await gzipOf("dist")];
  console.log(`streamo.wasm ${wasm} of ${WASM} bytes in brotli, JavaScript ${js} of ${JS} bytes in gzip`);
  const all = wasm + js + (await bytesIn("dist/engine/model"));
  console.log(`with the bundled model ${all} of ${ALL} bytes`);
  if (wasm > WASM || js > JS || all > ALL) {
    throw new Error("the package is larger than it may be");
  }
}

/** Most of a minute for a module that has changed, so what came of it is kept. */
async function brotliOf(file) {
  const stamp = "engine/streamo.wasm.brotli";
  const bytes = await readFile(file);
  const hash = createHash("sha256").update(bytes).digest("hex");
  const [known, size] = (await readFile(stamp, "utf8").catch(() => "")).split(" ");
  if (known === hash) {
    return Number(size);
  }
  const { length } = brotliCompressSync(bytes); // of quality 11, unless told otherwise
  await writeFile(stamp, `${hash} ${length}`);
  return length;
}

async function gzipOf(folder) {
  // A page that watches loads nothing of the bench.
  const scripts = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js") && name !== "bench.js");
  const sizes = scripts.map(async (name) => gzipSync(await readFile(`${folder}/${name}`)).length);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Numbers are as small as they get: no server compresses them, but what describes them. */
async function bytesIn(folder) {
  const sizes = (await readdir(folder)).map(async (name) => {
    const file = `${folder}/${name}`;
    return name.endsWith(".json") ? gzipSync(await readFile(file)).length : (await stat(file)).size;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
