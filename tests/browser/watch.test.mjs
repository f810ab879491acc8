// The same frames give the same states and texts natively and in browsers, on the CPU and on WebGPU.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, house, serve } from "./server.mjs";

const run = promisify(execFile);
const streamo = (...args) => run(process.env.STREAMO, args, { maxBuffer: 1 << 26 });

const question = "What is happening?";
/** The random model answers now and then by this threshold, and not at length. */
const RANDOM = { question, threshold: 0.3, maxTokens: 12 };
/** What watches what, in which format: the random model half-seconds of a film, and mini seconds of the clip that comes with it. */
const STREAMS = {
  f16: { weights: "f16", film: "film", options: RANDOM },
  q8: { weights: "q8", film: "film", options: RANDOM },
  q4: { weights: "q4", film: "film", options: RANDOM },
  mini: { weights: "f16", film: "clip", options: { question } },
};
const FILMS = { film: ["tests/fixtures/clip.mp4", "fps=2", "10"], clip: ["crate/assets/clip.mp4", "fps=1", "12"] };

let folder, server;
const native = {};
const frames = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamo-"));
  const pictures = join(folder, "frames");
  for (const [film, [file, rate, count]] of Object.entries(FILMS)) {
    await mkdir(join(pictures, film), { recursive: true });
    await run("ffmpeg", ["-v", "error", "-i", join(house, file), "-vf", rate, "-frames:v", count, join(pictures, film, "%02d.png")]);
    frames[film] = (await readdir(join(pictures, film))).sort().map((name) => `${film}/${name}`);
  }
  for (const [stream, { weights, film, options }] of Object.entries(STREAMS)) {
    const model = join(folder, stream);
    const bundled = stream === "mini";
    await streamo("pack", "--output", model, "--weights", weights, ...(bundled ? [] : [join(house, "tests/fixtures/tiny")]));
    const flags = { question: "--question", threshold: "--threshold", maxTokens: "--max-tokens" };
    const told = Object.entries(options).flatMap(([option, value]) => [flags[option], String(value)]);
    const device = bundled ? ["--device", "cpu"] : [];
    const { stdout } = await streamo("watch", join(pictures, film), "--model", model, "--json", ...device, ...told);
    native[stream] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  }
  server = await serve({ "/dist/": dist, "/models/": folder, "/frames/": pictures });
});

after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

test("the native streams have silent, waiting and answering seconds", () => {
  for (const [stream, { film }] of Object.entries(STREAMS)) {
    const states = new Set(native[stream].map(({ state }) => state));
    assert.ok(states.size >= 2 && states.has("response"), `${stream}: ${[...states].join()}`);
    assert.equal(native[stream].length, frames[film].length);
  }
});

// q8 and mini on WebGPU only in Firefox, whose software adapter is four times as fast.
for (const { name, launch } of BROWSERS) {
  test(`${name} decides and says what the native engine does`, { timeout: 600_000 }, async () => {
    const browser = await launch();
    try {
      for (const [device, way, ...streams] of [["cpu", "cpu", "f16", "q8", "q4", "mini"], ["webgpu", "cpu", "f16", ...(name === "Firefox" ? ["q8", "mini"] : [])], ["webgpu", "gpu", "q4"]]) {
        for (const stream of streams) {
          const { weights, film, options } = STREAMS[stream];
          const asked = { device, way, frames: frames[film], stream, weights, options };
          const turns = await onPage(browser, server.url, (page) => page.evaluate(watch, asked));
          const told = ({ round, from, to, state, text }) => ({ round, from, to, state, text });
          assert.deepEqual(turns.map(told), native[stream].map(told), `${device} ${stream}`);
          const difference = farthest(turns, native[stream]);
          console.log(`${name}, ${device}, frames by the ${way}, ${stream}: logits within ${difference.toExponential(1)} of the native engine's`);
          assert.ok(difference < 1e-3, String(difference));
        }
      }
    } finally {
      await browser.close();
    }
  });
}

/** In the page: the turns of a stream of pictures. */
async function watch({ device, way, stream, weights, frames, options }) {
  const { Streamo } = await import("/dist/index.js");
  const streamo = await Streamo.load({ model: `/models/${stream}`, device, frames: way, cache: "no-store" });
  if (streamo.device.kind !== device || streamo.device.frames !== way || streamo.model.weights !== weights) {
    throw new Error(JSON.stringify([streamo.device, streamo.model]));
  }
  async function* pictures() {
    for (const [time, frame] of frames.entries()) {
      const blob = await (await fetch(`/frames/${frame}`)).blob();
      const image = await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
      yield { image, time };
    }
  }
  const session = streamo.watch(pictures(), options);
  const heard = {};
  session.on("token", ({ round, text }) => (heard[round] = (heard[round] ?? "") + text));
  const turns = [];
  for await (const turn of session) {
    turns.push(turn);
    if ((heard[turn.round] ?? "") !== turn.text) {
      throw new Error(`heard ${heard[turn.round]} and was told ${turn.text}`);
    }
  }
  await streamo.dispose();
  return turns;
}

/** The largest difference of a state's logit. */
function farthest(turns, others) {
  const differences = turns.flatMap(({ logits }, round) =>
    Object.keys(logits).map((state) => Math.abs(logits[state] - others[round].logits[state])),
  );
  return Math.max(...differences);
}
