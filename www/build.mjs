// Makes dist/, the npm package, and site/, the demo page with everything that it needs, of what is here and of engine/, the
// module of WebAssembly that build.sh has made.
//
//     node build.mjs [--serve]

import { spawn } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { build, context } from "esbuild";
import { buildDemo } from "./demo/build.mjs";

const PORT = 8017;

await rm("dist", { recursive: true, force: true });
await build({
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  sourcemap: true,
  logLevel: "warning",
  entryPoints: ["src/index.ts", "src/camera.ts", "src/worker/worker.ts"],
  entryNames: "[name]",
  outdir: "dist",
});
await cp("engine/streamo.wasm", "dist/streamo.wasm");
await cp("engine/model", "dist/model", { recursive: true });

await rm("site", { recursive: true, force: true });
await cp("dist", "site", { recursive: true, filter: (file) => !/\/(index|camera)\.|\.map$|\.d\.ts$/.test(file) });
await buildDemo({ out: "site" });

if (process.argv.includes("--serve")) {
  await show();
}

/** Serves the pages on this machine, and opens them where there is a screen. */
async function show() {
  const pages = await context({});
  // 127.0.0.1 is a secure context, without which there is no camera and no WebGPU.
  const { port } = await pages.serve({ servedir: "site", host: "127.0.0.1", port: PORT });
  const url = `http://127.0.0.1:${port}/`;
  console.log(`The demo page is at ${url} until Ctrl-C.`);
  const opener = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform] ?? ["xdg-open"];
  const opened = spawn(opener[0], [...opener.slice(1), url], { stdio: "ignore", detached: true });
  // A machine without a screen, or without a browser, has nothing to open it with.
  opened.on("error", () => undefined);
  opened.unref();
}
