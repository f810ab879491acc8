// Makes dist/, the npm package, and site/, the demo page with everything that it needs, of what is here and of engine/, the
// module of WebAssembly that build.sh has made.
//
//     node build.mjs [--serve PORT]

import { context, build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";

const esm = { bundle: true, format: "esm", target: "es2022", sourcemap: true, logLevel: "warning" };

await rm("dist", { recursive: true, force: true });
await build({
  ...esm,
  minify: true,
  splitting: true,
  entryPoints: ["src/index.ts", "src/camera.ts", "src/worker/worker.ts"],
  entryNames: "[name]",
  outdir: "dist",
});
await cp("engine/streamo.wasm", "dist/streamo.wasm");
await cp("engine/model", "dist/model", { recursive: true });
