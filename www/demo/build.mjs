import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const AS_THEY_ARE = ["index.html", "manifest.webmanifest", "icon.svg", "icon-192.png", "icon-512.png", "clip.webm", "clip.jpg", "LICENSE.md"];
/** The first under another name, the others for whoever wants to read them. */
const NOT_OFFLINE = ["index.html", "LICENSE.md", "NOTICES.txt"];

/**
 * Builds the page into `out`. Whatever stands there already, such as the engine's worker and wasm, belongs to the page
 * too: the service worker keeps it all for offline use, under a version that is the hash of all of it.
 */
export async function buildDemo({ out, engine = join(here, "../src/index.ts"), camera = join(here, "../src/camera.ts") }) {
  await mkdir(out, { recursive: true });
  const common = { bundle: true, minify: true, target: "es2022", outdir: out, logLevel: "warning" };
  await build({
    ...common,
    entryPoints: [join(here, "main.ts"), join(here, "style.css")],
    format: "esm",
    sourcemap: "linked",
    alias: { "streamo-wgpu": engine, "streamo-wgpu/camera": camera },
  });
  for (const file of AS_THEY_ARE) await copyFile(join(here, file), join(out, file));
  const files = await filesOf(out);
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(await readFile(join(out, file)));
  await build({
    ...common,
    entryPoints: [join(here, "offline.ts")],
    format: "iife",
    define: {
      STREAMO_VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
      STREAMO_FILES: JSON.stringify(["./", ...files.filter((file) => !NOT_OFFLINE.includes(file))]),
    },
  });
}

async function filesOf(root) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((file) => file !== "offline.js" && !file.endsWith(".map"))
    .sort();
}
