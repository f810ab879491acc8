// Every kernel in every variant that an adapter can run, against a computation in f64.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { BROWSERS, onPage } from "./browsers.mjs";
import { house, serve } from "./server.mjs";

for (const { name, launch } of BROWSERS) {
  test(`every kernel computes what it should in ${name}`, { timeout: 600_000 }, async () => {
    const server = await serve({ "/engine/": join(house, "www/engine") });
    const browser = await launch();
    try {
      const { adapter, kernels } = await onPage(browser, server.url, (page) =>
        page.evaluate(async () => {
          const { default: start, test_kernels } = await import("/engine/streamo_wgpu.js");
          await start({ module_or_path: "/engine/streamo.wasm" });
          return JSON.parse(await test_kernels());
        }),
      );
      console.log(`${name} ${browser.version()}: ${adapter}, ${kernels.length} kernels in all variants`);
      print(kernels);
      assert.ok(kernels.length > 50);
      assert.deepEqual(kernels.filter(({ passed }) => !passed), []);
    } finally {
      await browser.close();
      await server.close();
    }
  });
}

/** A line for each operation: the variant that comes nearest to its limit. */
function print(kernels) {
  const operation = ({ name }) => name.split("+")[0];
  const share = ({ worst_error, limit }) => (worst_error ?? Infinity) / (limit || Number.MIN_VALUE);
  for (const name of new Set(kernels.map(operation))) {
    const variants = kernels.filter((kernel) => operation(kernel) === name);
    const worst = variants.reduce((worst, variant) => (share(variant) > share(worst) ? variant : worst));
    const error = (worst.worst_error ?? Infinity).toExponential(1).padStart(8);
    console.log(`  ${error} of ${worst.limit.toExponential(0)}  ${name}, ${variants.length} variants`);
  }
}
