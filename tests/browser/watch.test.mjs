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

const QUESTION = "What is happening?";
/** So that the random model answers now and then, and not at length. */
const THRESHOLD = 0.3;
const MOST_TOKENS = 12;

let folder, server, frames;
const native = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamo-"));
  const clip = join(house, "crate/assets/clip.mp4");
  const pictures = join(folder, "frames");
  await mkdir(pictures);
  await run("ffmpeg", ["-v", "error", "-i", clip, "-vf", "fps=2", "-frames:v", "10", join(pictures, "%02d.png")]);
  frames = (await readdir(pictures)).sort();
  for (const weights of ["f16", "q8", "q4"]) {
    const model = join(folder, weights);
    await streamo("pack", "--output", model, "--weights", weights);
    const options = ["--question", QUESTION, "--threshold", String(THRESHOLD), "--max-tokens", String(MOST_TOKENS)];
    const { stdout } = await streamo("watch", pictures, "--model", model, "--json", ...options);
    native[weights] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  }
  server = await serve({ "/dist/": dist, "/models/": folder, "/frames/": pictures });
});

after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

test("the native stream has silent, waiting and answering seconds", () => {
  const states = new Set(native.f16.map(({ state }) => state));
  assert.ok(states.size >= 2 && states.has("response"), [...states].join());
  assert.equal(native.f16.length, frames.length);
});

for (const { name, launch } of BROWSERS) {
  test(`${name} decides and says what the native engine does`, { timeout: 600_000 }, async () => {
    const browser = await launch();
    try {
      for (const [device, way, ...formats] of [["cpu", "cpu", "f16", "q8", "q4"], ["webgpu", "cpu", "f16", "q8"], ["webgpu", "gpu", "q4"]]) {
        for (const weights of formats) {
          const options = { question: QUESTION, threshold: THRESHOLD, maxTokens: MOST_TOKENS };
          const asked = { device, way, frames, weights, options };
          const turns = await onPage(browser, server.url, (page) => page.evaluate(watch, asked));
          const told = ({ round, from, to, state, text }) => ({ round, from, to, state, text });
          assert.deepEqual(turns.map(told), native[weights].map(told), `${device} ${weights}`);
          const difference = farthest(turns, native[weights]);
          console.log(`${name}, ${device}, frames by the ${way}, ${weights}: logits within ${difference.toExponential(1)} of the native engine's`);
          assert.ok(difference < 1e-3, String(difference));
        }
      }
    } finally {
      await browser.close();
    }
  });
}

/** In the page: the turns of a stream of pictures. */
async function watch({ device, way, weights, frames, options }) {
  const { Streamo } = await import("/dist/index.js");
  const streamo = await Streamo.load({ model: `/models/${weights}`, device, frames: way, cache: "no-store" });
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
