// The package, packed as it is published, does what it should in the projects of those who install it.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, house, serve, STRICT } from "./server.mjs";

const tools = fileURLToPath(new URL("node_modules/.bin", import.meta.url));
const projects = fileURLToPath(new URL("projects", import.meta.url));
const chromium = BROWSERS.find(({ name }) => name === "Chromium");

let folder, tarball, env;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamo-"));
  env = { ...process.env, PATH: tools + delimiter + process.env.PATH, npm_config_cache: join(folder, "npm") };
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], join(house, "www"));
  const [{ filename }] = Object.values(JSON.parse(packed));
  tarball = join(folder, filename);
});

after(() => rm(folder, { recursive: true, force: true }));

test("publint and arethetypeswrong find nothing", async () => {
  await run("publint", ["--strict", tarball]);
  // The wasm is a file to fetch, not a module.
  await run("attw", [tarball, "--profile", "esm-only", "--exclude-entrypoints", "streamo.wasm"]);
});

test("it has its page and its licences", async () => {
  const files = (await run("tar", ["-tzf", tarball])).trim().split("\n");
  for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    assert.ok(files.includes(`package/${file}`), file);
  }
});

test("its page says how these projects are built", async () => {
  const page = await readFile(join(house, "www/README.md"), "utf8");
  for (const name of ["esbuild", "plain"]) {
    const { scripts } = JSON.parse(await readFile(join(projects, name, "package.json"), "utf8"));
    const commands = scripts.build.split(" && ").filter((command) => /esbuild|streamo-wgpu/.test(command));
    assert.deepEqual(commands.filter((command) => !page.includes(`\`${command}\``)), []);
  }
});

for (const name of ["vite", "webpack", "esbuild", "plain"]) {
  test(`${name}: a page watches, as strict as a policy can be`, { timeout: 300_000 }, async () => {
    const project = await install(name);
    await run("npm", ["run", "build"], project);
    const server = await serve({ "/": join(project, "site") });
    try {
      await watches(server.url);
    } finally {
      await server.close();
    }
  });
}

test("the engine may be elsewhere", { timeout: 120_000 }, async () => {
  const { said, asked } = await onDist(STRICT, {
    worker: "/elsewhere/engine/worker.js",
    model: "/elsewhere/engine/model",
  });
  assert.equal(said, "loaded");
  assert.deepEqual(asked.filter((path) => path.startsWith("/dist/engine/")), []);
});

test("what a policy has to allow is said where it is missing", { timeout: 120_000 }, async () => {
  const refusal = async (allowed, instead = "") => {
    assert.ok(STRICT.includes(allowed));
    return (await onDist(STRICT.replace(allowed, instead))).said;
  };
  assert.match(await refusal("'wasm-unsafe-eval'"), /^invalid: the engine cannot be compiled.*'wasm-unsafe-eval'/);
  assert.match(await refusal("connect-src 'self'"), /^network: .*streamo\.wasm cannot be fetched/);
  assert.match(await refusal("worker-src 'self'", "worker-src 'none'"), /^internal: the worker cannot be loaded.*worker-src/);
});

test("vite: a page watches while it is worked on", { timeout: 300_000 }, async () => {
  const server = spawn(join(tools, "vite"), ["--port", "0"], { cwd: await install("vite"), env });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  try {
    await watches(await addressOf(server));
  } finally {
    server.kill();
    await ended;
  }
});

for (const resolution of ["bundler", "nodenext"]) {
  test(`TypeScript, moduleResolution ${resolution}: right uses compile, and wrong ones do not`, async () => {
    await run("tsc", ["--project", `tsconfig.${resolution}.json`], await install("typescript"));
  });
}

test("Node imports it, and is told what cannot be there", async () => {
  await run(process.execPath, ["server.mjs"], await install("node"));
});

const requires = process.features.require_module ? false : "this Node requires no modules";
test("Node requires it", { skip: requires }, async () => {
  await run(process.execPath, ["server.cjs"], await install("node"));
});

/** A fresh project with the package in it. */
async function install(name) {
  const project = await mkdtemp(join(folder, `${name}-`));
  // What most of them share; those that need it otherwise have their own.
  for (const shared of ["index.html", "main.js"]) {
    await cp(join(projects, shared), join(project, shared));
  }
  await cp(join(projects, name), project, { recursive: true });
  await run("npm", ["install", "--no-save", "--offline", tarball], project);
  return project;
}

/** What a program says; if it fails, its error has all of it. */
async function run(program, args, cwd = folder) {
  try {
    return (await promisify(execFile)(program, args, { cwd, env, maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    error.message += `\n${error.stdout}`;
    throw error;
  }
}

/** One second of what the page watches. */
async function watches(url) {
  const browser = await chromium.launch();
  try {
    const said = await onPage(browser, url, async (page) => {
      await page.waitForFunction(() => document.body.textContent.includes(" s: "), null, { timeout: 60_000 });
      return page.textContent("body");
    });
    assert.match(said.trim(), /^0–1 s: (silence|standby|response)\b/);
  } finally {
    await browser.close();
  }
}

/** What a page that loads the package as it lies there says under a policy, and what it has asked for. */
async function onDist(policy, elsewhere) {
  const load = async (elsewhere) => {
    const { Streamo } = await import("/dist/index.js");
    const workerFactory = () => new Worker(elsewhere.worker, { type: "module" });
    const options = elsewhere ? { workerFactory, model: elsewhere.model } : {};
    return Streamo.load({ device: "cpu", ...options }).then(
      () => "loaded",
      ({ code, message, hint }) => `${code}: ${message} ${hint}`,
    );
  };
  const browser = await chromium.launch();
  const server = await serve({ "/dist/": dist, "/elsewhere/": dist }, { policy });
  try {
    const expected = policy === STRICT ? [] : [/Content Security Policy/];
    const said = await onPage(browser, server.url, (page) => page.evaluate(load, elsewhere), { expected });
    return { said, asked: server.asked };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Where a server of Vite says that it is. */
async function addressOf(server) {
  let said = "";
  for await (const chunk of server.stdout) {
    said += chunk;
    const [address] = /http:\/\/localhost:\d+\//.exec(said.replace(/\x1b\[\d+m/g, "")) ?? [];
    if (address) {
      return address;
    }
  }
  throw new Error(`vite does not serve: ${said}`);
}
