// What lasts costs the same in the end as in the beginning: the device's memory, the engine's, and a round's tokens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, serve } from "./server.mjs";

const ROUNDS = 1000;
/** Rounds after which everything has been allocated that will be: windows, pools, the growth of a table. */
const SETTLED = 200;
/** A tag with another digit may want a buffer of another size. One buffer a round that stays would be 4 % and more. */
const SPARE = 1.01;

// Both devices; on WebGPU in Firefox, whose software adapter runs a round of this size four times as fast.
for (const [device, { name, launch }] of [["cpu", BROWSERS[0]], ["webgpu", BROWSERS[1]]]) {
  test(`${ROUNDS} rounds take no more memory than ${SETTLED}, on ${device} in ${name}`, { timeout: 1_200_000 }, async () => {
    const browser = await launch();
    const server = await serve({ "/dist/": dist });
    try {
      const turns = await onPage(browser, server.url, (page) => page.evaluate(soak, { device, rounds: ROUNDS }));
      assert.equal(turns.length, ROUNDS);
      const most = (from, to, of) => Math.max(...turns.slice(from, to).map(of));
      for (const [what, of] of [["device", ({ bytes }) => bytes.device ?? 0], ["engine", ({ bytes }) => bytes.engine]]) {
        const [settled, end] = [most(SETTLED, 2 * SETTLED, of), most(ROUNDS - SETTLED, ROUNDS, of)];
        console.log(`${name}, ${device}: ${what} ${(settled / 1e6).toFixed(2)} MB, after ${ROUNDS} rounds ${(end / 1e6).toFixed(2)} MB`);
        assert.ok(end <= settled * SPARE, `${what}: ${settled} bytes became ${end}`);
      }
      // Of its size only the digits of its time tag and the reply before it say anything.
      const prefill = (from, to) => most(from, to, ({ tokens }) => tokens.prefill);
      assert.ok(prefill(ROUNDS - SETTLED, ROUNDS) <= prefill(SETTLED, 2 * SETTLED) + 4);
      const median = (from, to) => turns.slice(from, to).map(({ ms }) => ms.vision + ms.prefill).sort((a, b) => a - b)[(to - from) >> 1];
      console.log(`${name}, ${device}: a round took ${median(SETTLED, 2 * SETTLED).toFixed(1)} ms, in the end ${median(ROUNDS - SETTLED, ROUNDS).toFixed(1)} ms`);
    } finally {
      await browser.close();
      await server.close();
    }
  });
}

/** In the page. */
async function soak({ device, rounds }) {
  const { Streamo } = await import("/dist/index.js");
  const streamo = await Streamo.load({ model: "mini", device, cache: "no-store" });
  const small = { width: 56, height: 56 };
  const session = streamo.watch(frames(rounds, small), { question: "What?", window: 8, maxTokens: 3 });
  const { turns, error } = await collect(session);
  await streamo.dispose();
  if (error) {
    throw new Error(`${error.code}: ${error.message} after ${turns.length} rounds`);
  }
  return turns;
}
