// The bench: its figures, single operations beside a product in f64, what it gives back, and its page.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, house, serve, STRICT } from "./server.mjs";

/** What a product's sums may be off by, in parts of the largest, as the self-test has it: codes may be decoded to f16. */
const EXACT = 5e-6;
const HALVED = EXACT + 2 ** -11;

/** A folder for pictures of the page, for whoever wants to look at it; Playwright adds a style to take them. */
const SCREENSHOTS = process.env.STREAMO_SCREENSHOTS;

let server;

before(async () => {
  const site = join(house, "www/site");
  server = await serve({ "/dist/": dist, "/site/": site }, { policy: `${STRICT}; style-src 'self'` });
});

after(() => server?.close());

for (const { name, launch } of BROWSERS) {
  test(`single operations compute what they should and give back what they take in ${name}`, { timeout: 300_000 }, async () => {
    const browser = await launch();
    try {
      const { products, attentions, bytes } = await onPage(browser, server.url, (page) => page.evaluate(operate));
      for (const { format, rows, error } of products) {
        console.log(`${name}: ${format}, ${rows} rows, off by ${error.toExponential(1)}`);
        assert.ok(error <= (rows > 1 && ["q8", "q4"].includes(format) ? HALVED : EXACT), `${format} ${rows}: ${error}`);
      }
      for (const { format, length, largest } of attentions) {
        assert.equal(length, 5 * 6 * 24, format);
        assert.ok(largest > 1e-3 && largest < 1, `${format}: ${largest}`);
      }
      const [empty, full, freed] = bytes;
      console.log(`${name}: the device holds ${bytes.join(", ")} bytes before, with and after 16 MiB of weights`);
      assert.ok(full > empty + 16e6 && freed < full - 16e6, bytes.join());
    } finally {
      await browser.close();
    }
  });

  test(`what cannot be measured is a typed error in ${name}`, { timeout: 300_000 }, async () => {
    const browser = await launch();
    try {
      const { told, ...errors } = await onPage(browser, server.url, (page) => page.evaluate(refuse));
      for (const [what, { error }] of Object.entries(errors)) {
        const code = what.startsWith("large") ? "out-of-memory" : what.startsWith("abort") ? "aborted" : "invalid";
        assert.equal(error?.code, code, `${what}: ${JSON.stringify(error)}`);
        assert.equal(error.name, "StreamoError", what);
      }
      const [{ done, total }, ...more] = told;
      assert.deepEqual([done, total, more], [1, 6, []]);
    } finally {
      await browser.close();
    }
  });

  test(`the bench page shows a report of finite figures in ${name}`, { timeout: 300_000 }, async () => {
    const browser = await launch();
    try {
      await onPage(browser, `${server.url}/site/bench/`, async (page) => {
        const says = (id, what) =>
          page.waitForFunction(([id, what]) => document.getElementById(id).textContent.includes(what), [id, what], { timeout: 120_000 });
        await page.click("#start:enabled");
        await page.click("#stop:enabled");
        await says("status", "Stopped.");
        assert.ok(await page.isChecked("[value=brief]"), "software is measured briefly, unless more is asked for");
        await page.click("#start");
        await says("status", "Done.");
        const report = JSON.parse(await page.textContent("#json"));
        console.log(`${name}: ${report.adapter}, an empty wait of ${(1e3 * report.wait).toFixed(2)} ms`);
        positive(report, "report");
        assert.deepEqual([report.lines.length, report.rounds.length], [4, 0]);
        assert.ok(report.lines.some(({ share }) => share.unpacked));
        const rows = await Promise.all(["ceilings", "kernels", "rounds"].map((id) => page.locator(`#${id} tr`).count()));
        assert.deepEqual(rows, [4, 4, 1]);

        await page.selectOption("[name=operation]", "attention");
        assert.ok(await page.isHidden("[name=inputs]"));
        await page.fill("[name=slots]", "64");
        await page.click("#time");
        await says("timed", "ms a call");
        await page.fill("[name=keyHeads]", "3");
        await page.click("#time");
        await says("timed", "query heads");
        await looks(page, name);
      }, { expected: SCREENSHOTS ? [/inline style/] : [] });
    } finally {
      await browser.close();
    }
  });
}

test("a page that watches loads nothing of the bench, nor of the engine", async () => {
  const browser = await BROWSERS[0].launch();
  try {
    const before = server.asked.length;
    await onPage(browser, server.url, (page) => page.evaluate(() => import("/dist/index.js").then(() => true)));
    const scripts = server.asked.slice(before).filter((path) => path.endsWith(".js"));
    const texts = await Promise.all(scripts.map(async (path) => (await fetch(server.url + path)).text()));
    assert.ok(texts.length > 0 && !texts.some((text) => text.includes("WebAssembly.instantiate")), scripts.join());
  } finally {
    await browser.close();
  }
});

function positive(value, path) {
  if (typeof value === "number") {
    assert.ok(Number.isFinite(value) && value > 0, `${path}: ${value}`);
  } else if (typeof value === "object" && path !== "report.device") {
    assert.ok(value !== null, path);
    Object.entries(value).forEach(([key, inner]) => positive(inner, `${path}.${key}`));
  }
}

/** Whether it fits wherever it is looked at. */
async function looks(page, name) {
  for (const [size, width, height] of [["desktop", 1280, 900], ["phone", 375, 800]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      if (SCREENSHOTS) {
        const path = join(SCREENSHOTS, `bench-${name}-${size}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      }
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${size} scrolls sideways`);
  }
}

/** In the page: single operations, and the device's bytes before, with and after a large one. */
async function operate() {
  const { openBench } = await import("/dist/bench.js");
  const bench = await openBench();
  const products = [];
  for (const format of ["f32", "f16", "q8", "q4"]) {
    for (const rows of [1, 37]) {
      const [inputs, outputs] = [102, 70];
      const x = Float32Array.from({ length: rows * inputs }, (_, at) => Math.sin(at) / Math.sqrt(inputs));
      const product = bench.matmul({ rows, inputs, outputs, format, x });
      product.run();
      await product.sync();
      const [made, weights] = [await product.output(), product.weights()];
      product.dispose();
      let [largest, error] = [1, made.length === rows * outputs ? 0 : Infinity];
      for (let at = 0; at < rows * outputs; at++) {
        let sum = 0;
        for (let input = 0; input < inputs; input++) {
          sum += x[Math.floor(at / outputs) * inputs + input] * weights[(at % outputs) * inputs + input];
        }
        largest = Math.max(largest, Math.abs(sum));
        error = Math.max(error, Math.abs(made[at] - sum));
      }
      products.push({ format, rows, error: error / largest });
    }
  }
  const attentions = [];
  for (const format of ["f32", "q8"]) {
    const attention = bench.attention({ rows: 5, slots: 150, queryHeads: 6, keyHeads: 2, headSize: 24, format });
    attention.run();
    const made = await attention.output();
    attention.dispose();
    attentions.push({ format, length: made.length, largest: made.reduce((most, y) => Math.max(most, Math.abs(y)), 0) });
    if (!made.every(Number.isFinite)) {
      throw new Error(`${format}: not all of it are numbers`);
    }
  }
  const bytes = [bench.bytes];
  const large = bench.matmul({ rows: 1, inputs: 2048, outputs: 2048, format: "f32" });
  large.run();
  // What is disposed of while it is at work goes when that is done.
  const done = large.sync();
  bytes.push(bench.bytes);
  large.dispose();
  await done;
  await new Promise((turn) => setTimeout(turn));
  bytes.push(bench.bytes);
  bench.dispose();
  return { products, attentions, bytes };
}

/** In the page: what cannot be. */
async function refuse() {
  const { openBench } = await import("/dist/bench.js");
  const bench = await openBench();
  const product = (options) => outcome(Promise.resolve().then(() => bench.matmul({ rows: 1, inputs: 8, outputs: 8, format: "q4", ...options })));
  const heads = { queryHeads: 4, keyHeads: 2, headSize: 16 };
  const attention = (options) => outcome(Promise.resolve().then(() => bench.attention({ rows: 1, slots: 8, ...heads, format: "f32", ...options })));
  const gone = bench.matmul({ rows: 1, inputs: 8, outputs: 8, format: "q4" });
  const unrun = await outcome(gone.output());
  gone.dispose();
  gone.dispose();
  const stop = new AbortController();
  const told = [];
  const made = {
    "no rows": await product({ rows: 0 }),
    "half a row": await product({ rows: 0.5 }),
    "rows below nothing": await product({ rows: -1 }),
    "no number": await product({ inputs: NaN }),
    "no size": await product({ outputs: undefined }),
    "no format": await product({ format: "q5" }),
    "x of another size": await product({ x: new Float32Array(9) }),
    "more rows than slots": await attention({ rows: 9 }),
    "heads that are not shared out": await attention({ keyHeads: 3 }),
    "heads of 20": await attention({ headSize: 20 }),
    "an arena in q4": await attention({ format: "q4" }),
    "too many workgroups": await product({ rows: 2 ** 20 }),
    "an output of nothing": unrun,
    "a run of what was disposed of": await outcome(Promise.resolve().then(() => gone.run())),
    "large: rows": await product({ rows: 2 ** 31 }),
    "large: a matrix": await product({ inputs: 2 ** 20, outputs: 2 ** 31 }),
    "large: all": await product({ rows: 2 ** 32 - 1, inputs: 2 ** 32 - 1, outputs: 2 ** 32 - 1, format: "f32" }),
    "large: slots": await attention({ slots: 2 ** 32 - 1 }),
    "large: heads": await attention({ queryHeads: 2 ** 31, keyHeads: 2 ** 31 }),
    "abort: before": await outcome(bench.run({ scope: "brief", signal: AbortSignal.abort() })),
    "abort: at the ceilings": await outcome(
      bench.run({ scope: "brief", signal: stop.signal, onCeilings: () => stop.abort(), onProgress: (step) => told.push(step) }),
    ),
    "abort: opening": await outcome(openBench({ signal: AbortSignal.abort() })),
  };
  bench.dispose();
  made["a bench that was disposed of"] = await product({});
  return { told, ...made };
}
