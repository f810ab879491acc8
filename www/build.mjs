// Makes dist/, the npm package, and site/, the demo page with everything that it needs, of what is here and of engine/, the
// module of WebAssembly that build.sh has made.
//
//     node build.mjs [--serve]

import { spawn } from "node:child_process";
import { copyFile, cp, rm } from "node:fs/promises";
import { build, context } from "esbuild";
import { keepBudget } from "./budget.mjs";
import { buildDemo } from "./demo/build.mjs";
import { writeNotices } from "./notices.mjs";

const PORT = 8017;

const esm = { bundle: true, format: "esm", target: "es2022", minify: true, sourcemap: true, logLevel: "warning" };

await buildPackage();
await buildSite();
if (process.argv.includes("--serve")) {
  // Not held against the budget: each Rust makes a module of another size, and who only looks at the page may have any.
  await show();
} else {
  await keepBudget();
}

async function buildPackage() {
  await rm("dist", { recursive: true, force: true });
  await build({ ...esm, splitting: true, entryPoints: ["src/index.ts", "src/camera.ts", "src/bench.ts"], outdir: "dist" });
  // What a page fetches while it runs: one folder that needs nothing else, for those who copy it by hand.
  await build({ ...esm, entryPoints: ["src/worker/worker.ts"], outdir: "dist/engine" });
  await cp("engine/streamo.wasm", "dist/engine/streamo.wasm");
  await cp("engine/model", "dist/engine/model", { recursive: true });
  // The package is this folder, and has to have them too.
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    await copyFile(`../${licence}`, licence);
  }
  await writeNotices("dist/NOTICES.txt");
}

async function buildSite() {
  await rm("site", { recursive: true, force: true });
  await cp("dist/engine", "site/engine", { recursive: true });
  await cp("dist/NOTICES.txt", "site/NOTICES.txt");
  await buildDemo({ out: "site" });
  await build({ ...esm, entryPoints: ["bench/bench.ts", "bench/style.css"], outdir: "site/bench" });
  await cp("bench/index.html", "site/bench/index.html");
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
