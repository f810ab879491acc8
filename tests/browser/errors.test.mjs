// What cannot be had is said by a typed error, with a code, a message and what to do; or the CPU stands in, and that is said.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, serve, tiny } from "./server.mjs";

const [chromium, firefox] = BROWSERS;

let server, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamo-"));
  const workers = fileURLToPath(new URL("workers", import.meta.url));
  server = await serve({ "/dist/": dist, "/workers/": workers, "/model/": tiny, "/spoilt/": folder });
});

after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `use` in a page of a browser of its own. */
async function visit({ launch }, settings, use, argument, options) {
  const browser = await launch(settings);
  try {
    return await onPage(browser, server.url, (page) => page.evaluate(use, argument), options);
  } finally {
    await browser.close();
  }
}

const load = async (options) => {
  const { Streamo } = await import("/dist/index.js");
  const { spoil, ...wanted } = options ?? {};
  if (spoil) {
    wanted.workerFactory = () => new Worker(`/workers/${spoil}.js`, { type: "module" });
  }
  const { value, error } = await outcome(Streamo.load(wanted));
  if (error) {
    return { error };
  }
  const { turns } = await collect(value.watch(frames(1), { question: "What?" }));
  const { device } = value;
  await value.dispose();
  return { turns: turns.length, device };
};

for (const browser of BROWSERS) {
  test(`${browser.name} without WebGPU: the CPU stands in and says why; who insists on WebGPU gets an error`, async () => {
    const settings = { gpu: false };
    const { turns, device } = await visit(browser, settings, load);
    assert.deepEqual([turns, device.kind], [1, "cpu"]);
    assert.match(device.reason, /WebGPU/);
    const { error } = await visit(browser, settings, load, { device: "webgpu" });
    assert.equal(error.name, "StreamoError");
    assert.ok(["no-webgpu", "adapter-refused"].includes(error.code), error.code);
    assert.match(error.hint, /cpu/);
    const probe = await visit(browser, settings, async () => (await import("/dist/index.js")).Streamo.probe());
    assert.equal(probe.webgpu, false);
    assert.match(probe.reason, /CPU/);
  });

  test(`${browser.name}: the probe says what the adapter is and how fast`, async () => {
    const { webgpu, speed, largestTensor } = await visit(browser, {}, async () => (await import("/dist/index.js")).Streamo.probe());
    assert.ok(webgpu && largestTensor > 0);
    // Far below what any adapter does that computes at all, and far above what any does.
    for (const figure of [speed.bytes, speed.operations]) {
      assert.ok(figure > 1e7 && figure < 1e16, JSON.stringify(speed));
    }
  });

  test(`${browser.name}: an adapter that computes wrongly is refused by name, and not used`, async () => {
    const spoilt = await visit(browser, {}, load, { device: "webgpu", spoil: "wrong" });
    assert.equal(spoilt.error?.code, "adapter-refused");
    assert.match(spoilt.error.message, /adapter.*computes wrongly/);
    const { device } = await visit(browser, {}, load, { spoil: "wrong" });
    assert.equal(device.kind, "cpu");
  });
}

test("a model that does not fit is refused before its weights are asked for", async () => {
  server.asked.length = 0;
  const manifest = JSON.parse(await (await fetch(`${server.url}/model/streamo-pack.json`)).text());
  // A matrix more, of six gigabytes in f32: more than a module of WebAssembly can hold.
  const rows = Array.from({ length: 28 }, (_, at) => ({ shard: 1 + at, count: 1_600_000 }));
  const shards = rows.map(({ shard }) => ({ name: `${shard}.safetensors`, bytes: 32 << 20, sha256: "0".repeat(64) }));
  manifest.weights = "q4";
  manifest.shards.push(...shards);
  manifest.tensors.push({ name: "huge.weight", shape: [rows.length * 1_600_000, 32], rows });
  await writeFile(join(folder, "streamo-pack.json"), JSON.stringify(manifest));
  const names = { "streamo-pack.json": "/spoilt/streamo-pack.json" };
  ["config.json", "streamo.json", "tokenizer.json"].forEach((name) => (names[name] = `/model/${name}`));
  const { error } = await visit(chromium, {}, load, { model: names, device: "cpu" });
  assert.equal(error.code, "model-too-large", error.message);
  assert.match(error.message, /GiB/);
  assert.ok(!server.asked.some((path) => path.endsWith(".safetensors")));
});

test("a model says what it is and needs before its weights are fetched", async () => {
  server.asked.length = 0;
  const told = await visit(firefox, {}, async () => {
    const { Streamo } = await import("/dist/index.js");
    const before = await Streamo.describe({ model: "/model", device: "cpu" });
    await (await Streamo.load({ model: "/model", device: "cpu" })).dispose();
    return { before, after: await Streamo.describe({ model: "/model", device: "cpu" }) };
  });
  const { model, device, download } = told.before;
  assert.equal(device.kind, "cpu");
  assert.ok(download > 400_000 && model.parameters > 100_000 && model.needs.weights >= 4 * model.parameters);
  assert.ok(model.needs.memory > 0);
  assert.equal(told.after.download, 0);
});

test("impossible wishes are refused, and the model goes on", async () => {
  const told = await visit(chromium, {}, async () => {
    const { Streamo } = await import("/dist/index.js");
    const streamo = await Streamo.load({ device: "cpu" });
    const wish = async (options, source = frames(1)) => (await collect(streamo.watch(source, { question: "What?", ...options }))).error;
    const thin = (async function* () {
      yield { image: new ImageData(2000, 1), time: 0 };
    })();
    const back = (async function* () {
      yield { image: new ImageData(64, 64), time: 5 };
      yield { image: new ImageData(64, 64), time: 4 };
    })();
    const errors = [
      await wish({ fps: 0 }),
      await wish({ fps: 1e9 }),
      await wish({ window: 0 }),
      await wish({ window: 1e9 }),
      await wish({ maxTokens: 0 }),
      await wish({}, thin),
      await wish({}, back),
    ];
    const { turns } = await collect(streamo.watch(frames(1), { question: "What?" }));
    await streamo.dispose();
    return { errors, turns: turns.length };
  });
  assert.deepEqual(told.errors.map((error) => error?.code), ["invalid", "invalid", "invalid", "out-of-memory", "invalid", "invalid", "invalid"]);
  told.errors.forEach(({ message, hint }) => assert.ok(message && hint && !message.includes("--"), message));
  assert.equal(told.turns, 1);
});

test("a worker or a module that cannot be loaded is said", async () => {
  const told = await visit(chromium, {}, async () => {
    const { Streamo } = await import("/dist/index.js");
    const worker = await outcome(Streamo.load({ workerFactory: () => new Worker("/nowhere.js", { type: "module" }) }));
    const module = await outcome(Streamo.load({ wasmUrl: "/nowhere.wasm" }));
    return [worker.error, module.error];
  }, undefined, { expected: [/404/] });
  assert.deepEqual(told.map(({ name, code }) => [name, code]), [["StreamoError", "internal"], ["StreamoError", "model-missing"]]);
  assert.match(told[0].hint, /worker/);
});
