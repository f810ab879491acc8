// Runs every kernel in headless browsers and prints how each did.
//
//     node run.mjs FOLDER BROWSER...
//
// FOLDER holds page/, the module that wasm-bindgen made of page.rs, and node_modules/. A BROWSER is the program of Chromium
// or Firefox. Fails if a kernel does, if anything complains in the console, and if a browser takes too long.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";

const MINUTES = 10;
const [folder, ...browsers] = process.argv.slice(2).map((path) => resolve(path));
const { chromium, firefox } = createRequire(join(folder, "node_modules", "playwright-core", "/"))("playwright-core");

// Both with WebGPU in software.
const launch = (executablePath) =>
  basename(executablePath).includes("firefox")
    ? firefox.launch({
        executablePath,
        channel: "moz-firefox", // as it comes, not as Playwright builds it
        firefoxUserPrefs: { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true },
      })
    : chromium.launch({
        executablePath,
        args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"],
      });

/** An address in a secure context, which WebGPU wants, for an empty page and what it may load. */
async function serve() {
  const server = createServer(async ({ url }, response) => {
    if (url === "/") {
      return response.setHeader("content-type", "text/html").end('<!doctype html><link rel="icon" href="data:,">');
    }
    try {
      const file = await readFile(join(folder, "page", basename(url)));
      response.setHeader("content-type", url.endsWith(".wasm") ? "application/wasm" : "text/javascript").end(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "localhost", listening));
  return { address: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

/** What the module says in a browser, and everything that anybody complained of meanwhile. */
async function test(executablePath, address) {
  const complaints = [];
  let browser, clock, report;
  try {
    browser = await launch(executablePath);
    const page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    const trouble = new Promise((_, fail) => {
      page.on("crash", () => fail(new Error("the page crashed")));
      clock = setTimeout(() => fail(new Error(`nothing came for ${MINUTES} minutes`)), MINUTES * 60_000);
    });
    await page.goto(address);
    const tested = page.evaluate(async () => {
      const { default: load, test_kernels } = await import("/kernel_page.js");
      await load();
      const { vendor, architecture } = (await navigator.gpu?.requestAdapter())?.info ?? {};
      return { ...JSON.parse(await test_kernels()), vendor, architecture };
    });
    report = await Promise.race([tested, trouble]);
  } catch (error) {
    complaints.push(error.message);
  }
  clearTimeout(clock);
  const version = browser?.version();
  await browser?.close();
  return { version, report, complaints };
}

/** Prints a line for each kernel and for each variant that fails, and says whether none does. */
function judge({ version, report, complaints }, name) {
  const kernels = report?.kernels ?? [];
  const adapter = [report?.vendor, report?.architecture, report?.adapter].filter(Boolean).join(" ");
  console.log(`${name} ${version}: ${adapter}, ${kernels.length} kernels in all variants`);
  const line = ({ name, worst_error, limit }) =>
    console.log(`  ${(worst_error ?? Infinity).toExponential(1).padStart(8)} of ${limit.toExponential(0)}  ${name}`);
  const operation = ({ name }) => name.split("+")[0];
  for (const name of new Set(kernels.map(operation))) {
    const variants = kernels.filter((kernel) => operation(kernel) === name);
    // The one that comes nearest to its limit: exact kernels have none but 0.
    const share = ({ worst_error, limit }) => (worst_error ?? Infinity) / (limit || Number.MIN_VALUE);
    const worst = variants.reduce((worst, variant) => (share(variant) > share(worst) ? variant : worst));
    line({ ...worst, name: `${name}, ${variants.length} ${variants.length === 1 ? "variant" : "variants"}` });
  }
  const wrong = kernels.filter(({ passed }) => !passed);
  wrong.forEach((kernel) => line({ ...kernel, name: `wrong: ${kernel.name}` }));
  complaints.forEach((complaint) => console.log(`  error: ${complaint}`));
  return kernels.length > 0 && wrong.length + complaints.length === 0;
}

const server = await serve();
for (const browser of browsers) {
  if (!judge(await test(browser, server.address), basename(browser))) {
    process.exitCode = 1;
  }
}
server.close();
