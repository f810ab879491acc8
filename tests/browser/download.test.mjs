// From the network to the disk to the engine: whatever breaks on the way, nothing is bricked, and nothing is fetched twice
// that need not be.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, serve, tiny } from "./server.mjs";

const MODEL = tiny;
const SHARD = "/model/pack-00001.safetensors";

for (const { name, launch } of BROWSERS) {
  describe(name, () => {
    let browser;
    before(async () => (browser = await launch()));
    after(() => browser.close());

    /** Loads the model in a fresh profile, as often as there are steps; a step may change what the server does. */
    const visit = async (fault, use, options) => {
      const server = await serve({ "/dist/": dist, "/model/": MODEL }, { fault: (...request) => fault(...request, server) });
      try {
        return await onPage(browser, server.url, (page, context) => use(page, server, context), options);
      } finally {
        await server.close();
      }
    };
    const none = () => false;

    test("what was loaded once needs no network", async () => {
      await visit(none, async (page, server) => {
        const first = await page.evaluate(load, {});
        assert.deepEqual(first.turns, 1);
        assert.deepEqual(first.stages, ["engine", "download", "load", "ready"]);
        assert.ok(server.asked.includes(SHARD));
        server.asked.length = 0;
        assert.equal((await page.evaluate(load, {})).turns, 1);
        assert.deepEqual(server.asked.filter((path) => path.startsWith("/model/")), []);
        await page.evaluate(load, { cache: "reload" });
        assert.deepEqual(server.asked.filter((path) => path.startsWith("/model/")), ["/model/streamo-pack.json"]);
      });
    });

    test("a download that breaks off goes on where it was", async () => {
      const ranges = [];
      const cut = (request, response, path) => {
        if (path !== SHARD) {
          return false;
        }
        ranges.push(request.headers.range);
        return ranges.length <= 2 && breakOff(request, response);
      };
      await visit(cut, async (page) => {
        const { turns, fell } = await page.evaluate(load, {});
        assert.deepEqual([turns, fell], [1, false]);
        assert.equal(ranges[0], undefined);
        assert.match(ranges[1], /^bytes=\d+-$/);
        assert.ok(Number(ranges[2].match(/\d+/)) > Number(ranges[1].match(/\d+/)), ranges.join());
      }, { expected: [/./] });
    });

    test("a server that sends no parts sends everything again", async () => {
      let requests = 0;
      const cut = (request, response, path) => {
        if (path === SHARD) {
          delete request.headers.range;
          return requests++ === 0 && breakOff(request, response);
        }
        return false;
      };
      await visit(cut, async (page) => {
        assert.equal((await page.evaluate(load, {})).turns, 1);
        assert.equal(requests, 2);
      }, { expected: [/./] });
    });

    test("a server that has no part of it, nor all, is asked no more than it takes to know", async () => {
      let requests = 0;
      const refuse = (request, response, path) => path === SHARD && Boolean(++requests && response.writeHead(416).end());
      await visit(refuse, async (page) => {
        assert.equal((await page.evaluate(load, {})).error?.code, "network");
        assert.equal(requests, 1);
      }, { expected: [/./] });
    });

    test("a damaged shard is fetched again, and then refused", async () => {
      let damaged = 1;
      const damage = (request, response, path) => {
        if (path !== SHARD || damaged === 0) {
          return false;
        }
        damaged--;
        void readFile(join(MODEL, "pack-00001.safetensors")).then((bytes) => {
          bytes[bytes.length >> 1] ^= 1;
          response.writeHead(200).end(bytes);
        });
        return true;
      };
      await visit(damage, async (page) => {
        assert.equal((await page.evaluate(load, {})).turns, 1);
      });
      damaged = 100;
      await visit(damage, async (page) => {
        const { error } = await page.evaluate(load, {});
        assert.deepEqual([error.name, error.code], ["StreamoError", "model-corrupt"]);
        damaged = 0;
        assert.equal((await page.evaluate(load, {})).turns, 1);
      });
    });

    test("what the disk has damaged is fetched again", async () => {
      await visit(none, async (page, server) => {
        await page.evaluate(load, {});
        await page.evaluate(spoilDisk);
        server.asked.length = 0;
        assert.equal((await page.evaluate(load, {})).turns, 1);
        assert.ok(server.asked.includes(SHARD));
      });
    });

    test("what is not there, or no model, is said", async () => {
      await visit(none, async (page) => {
        const said = async (model) => (await page.evaluate(load, { model })).error;
        assert.equal((await said("/nowhere")).code, "model-missing");
        assert.equal((await said("/dist")).code, "model-missing");
        assert.equal((await said("http://")).code, "invalid");
        assert.equal((await said({ "streamo-pack.json": "/dist/index.js" })).code, "model-corrupt");
        const nobody = await said("http://localhost:9/");
        assert.equal(nobody.code, "network");
        assert.match(nobody.message, /localhost:9/);
      }, { expected: [/./] });
    });

    test("loading can be aborted at every stage, and goes on the next time", async () => {
      await visit(none, async (page) => {
        for (const stage of ["now", "engine", "download", "load"]) {
          const { error } = await page.evaluate(load, { abortAt: stage });
          assert.equal(error?.code, "aborted", stage);
        }
        assert.equal((await page.evaluate(load, {})).turns, 1);
      });
    });

    for (const local of ["files", "folder"]) {
      test(`${local} of this device need no network`, async () => {
        await visit(none, async (page, server) => {
          server.asked.length = 0;
          assert.equal((await page.evaluate(load, { local })).turns, 1);
          const fetched = server.asked.filter((path) => path === SHARD);
          assert.equal(fetched.length, 1, "by the test itself");
        });
      });
    }
  });
}

test("Chromium: a full disk is said to be full, and goes on when it is not", async () => {
  const browser = await BROWSERS[0].launch();
  const server = await serve({ "/dist/": dist, "/model/": MODEL });
  try {
    await onPage(browser, server.url, async (page, context) => {
      const session = await context.newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: server.url, quotaSize: 300_000 });
      const { error } = await page.evaluate(load, {});
      assert.equal(error.code, "quota-exceeded");
      assert.equal((await page.evaluate(load, { cache: "no-store" })).turns, 1);
      await session.send("Storage.overrideQuotaForOrigin", { origin: server.url });
      assert.equal((await page.evaluate(load, {})).turns, 1);
    });
  } finally {
    await browser.close();
    await server.close();
  }
});

/** Sends a third of what was asked for, and hangs up. */
function breakOff(request, response) {
  void readFile(join(MODEL, "pack-00001.safetensors")).then((bytes) => {
    const start = Number(request.headers.range?.match(/\d+/) ?? 0);
    const rest = bytes.subarray(start);
    const headers = { "content-length": rest.length, "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(start > 0 ? 206 : 200, headers).write(rest.subarray(0, rest.length / 3), () => {
      setTimeout(() => response.destroy(), 100);
    });
  });
  return true;
}

/** In the page: loads a model and watches one frame. */
async function load({ model = "/model", cache = "default", abortAt, local }) {
  const { Streamo } = await import("/dist/index.js");
  if (local) {
    const names = ["streamo-pack.json", "config.json", "streamo.json", "tokenizer.json", "pack-00001.safetensors"];
    const fetched = async (name) => new File([await (await fetch(`/model/${name}`)).blob()], name);
    model = await Promise.all(names.map(fetched));
  }
  if (local === "folder") {
    // As somebody's folder is, whose choice no test can make.
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("chosen", { create: true });
    for (const file of model) {
      const writable = await (await folder.getFileHandle(file.name, { create: true })).createWritable();
      await writable.write(file);
      await writable.close();
    }
    model = folder;
  }
  const abort = new AbortController();
  const told = [];
  const onProgress = (progress) => {
    told.push(progress);
    if (progress.stage === abortAt) {
      abort.abort();
    }
  };
  if (abortAt === "now") {
    abort.abort();
  }
  const { value, error } = await outcome(Streamo.load({ model, cache, device: "cpu", onProgress, signal: abort.signal }));
  if (error) {
    return { error };
  }
  const { turns } = await collect(value.watch(frames(1), { question: "What?" }));
  await value.dispose();
  const stages = [...new Set(told.map(({ stage }) => stage))];
  const fell = told.some(({ stage, loaded }, at) => told[at - 1]?.stage === stage && told[at - 1].loaded > loaded);
  return { turns: turns.length, stages, fell };
}

/** In the page: changes a byte of the largest file on the disk. */
async function spoilDisk() {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("streamo-wgpu");
  const files = [];
  for await (const handle of folder.values()) {
    files.push({ handle, size: (await handle.getFile()).size });
  }
  files.sort((one, other) => other.size - one.size);
  const { handle, size } = files[0];
  const writable = await handle.createWritable({ keepExistingData: true });
  await writable.write({ type: "write", position: size >> 1, data: new Uint8Array([1, 2, 3, 4]) });
  await writable.close();
}
