// The demo page as a newcomer uses it. With STREAMO_SCREENSHOTS=FOLDER it leaves pictures of what it sees.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { BROWSERS, onPage } from "./browsers.mjs";
import { house, serve } from "./server.mjs";

const ROUNDS = 5;
const DESKTOP = { viewport: { width: 1280, height: 800 }, colorScheme: "light" };
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "dark" };
/** To take a picture, Playwright puts a style into the page, which its policy refuses. */
const EXPECTED = process.env.STREAMO_SCREENSHOTS ? [/inline style/] : [];

let folder, server, policy;
const site = join(house, "www/site");

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamo-"));
  const clip = ["-v", "error", "-i", join(house, "crate/assets/clip.mp4")];
  await promisify(execFile)("ffmpeg", [...clip, "-vf", "fps=15,scale=640:360", "-c:v", "mjpeg", "-q:v", "4", join(folder, "camera.mjpeg")]);
  // The policy that the page itself asks for.
  [, policy] = /content="(default-src [^"]*)"/.exec(await readFile(join(site, "index.html"), "utf8"));
  server = await serve({ "/demo/": site }, { policy });
});

after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

for (const { name, launch } of BROWSERS) {
  describe(name, { timeout: 300_000 }, () => {
    let browser;
    before(async () => (browser = await launch({ camera: join(folder, "camera.mjpeg") })));
    after(() => browser.close());

    const visit = (use, options) => onPage(browser, `${server.url}/demo/`, use, { expected: EXPECTED, ...options });
    const picture = async (page, what) => {
      if (process.env.STREAMO_SCREENSHOTS) {
        await page.screenshot({ path: join(process.env.STREAMO_SCREENSHOTS, `${name}-${what}.png`), fullPage: true });
      }
    };

    test("one click on the camera, and it watches a second at a time", async () => {
      await visit(async (page) => {
        await picture(page, "first-visit");
        await page.getByRole("button", { name: "Use my camera" }).click();
        await rounds(page, ROUNDS);
        await picture(page, "camera");
        const turns = await log(page);
        assert.deepEqual(turns.map(({ round }) => round), turns.map((_, at) => at));
        assert.ok(turns.every(({ state, logits, from, to, round }) => state && logits && from === round && to === round + 1));
        turns.slice(1).forEach(({ takenAt }, at) => {
          const apart = takenAt - turns[at].takenAt;
          assert.ok(Math.abs(apart - 1000) < 500, `${apart} ms between two frames`);
        });
        assert.match(await page.locator("#about").innerText(), /mini.*trained itself/, "the model says what it is");
        await page.getByRole("button", { name: "Pause" }).click();
        await page.getByRole("button", { name: "Stop" }).click();
        await page.getByRole("button", { name: "Play the clip" }).waitFor();
      }, DESKTOP);
    });

    test("on a phone it plays the clip, takes another question, and says what the second was", async () => {
      await visit(async (page) => {
        await page.getByRole("button", { name: "Play the clip" }).click();
        await rounds(page, 2);
        await page.locator("#question").fill("What moves?");
        await page.getByRole("button", { name: "Ask", exact: true }).click();
        await page.locator("#standing").getByText("What moves?").waitFor();
        await rounds(page, 4);
        await page.locator("#timeline").focus();
        await page.keyboard.press("ArrowLeft");
        await page.locator("#second").waitFor();
        assert.match(await page.locator("#second-facts").innerText(), /prefill/i);
        await picture(page, "phone");
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `the page is ${wide} pixels wider than the phone`);
      }, PHONE);
    });

    test("another model is taken from an address, and a threshold decides", async () => {
      await visit(async (page) => {
        await page.locator("#model-open").click();
        await page.getByLabel(/From an address/).check();
        await page.locator("#model-url").fill(`${server.url}/demo/engine/model/`);
        await page.getByRole("button", { name: "Use this model" }).click();
        await page.getByRole("button", { name: "Play the clip" }).click();
        await rounds(page, 1);
        assert.doesNotMatch(await page.locator("#model-name").innerText(), /bundled/i);
        const auto = page.locator("#threshold-auto");
        const { threshold } = JSON.parse(await readFile(join(house, "crate/assets/mini/streamo.json"), "utf8"));
        assert.equal(await page.locator("#threshold-value").innerText(), threshold.toFixed(2), "the model's own");
        await auto.uncheck();
        await page.locator("#threshold").fill("0");
        await page.locator('#log-lines p[data-state="response"]').nth(1).waitFor({ timeout: 60_000 });
        await page.locator("#threshold").fill("1");
        const before = (await log(page)).length;
        await rounds(page, before + 3);
        const last = (await log(page)).slice(before + 1);
        assert.ok(last.every(({ state }) => state !== "response"), JSON.stringify(last.map(({ state }) => state)));
      }, DESKTOP);
    });

    test("another model is taken from this device", async () => {
      await visit(async (page) => {
        const model = join(house, "www/engine/model");
        const files = (await readdir(model)).map((name) => join(model, name));
        await page.locator("#model-open").click();
        await page.getByLabel(/From this device/).check();
        await page.locator("#model-files").setInputFiles(files);
        await page.getByRole("button", { name: "Use this model" }).click();
        server.asked.length = 0;
        await page.getByRole("button", { name: "Play the clip" }).click();
        await rounds(page, 1);
        assert.deepEqual(server.asked.filter((path) => path.includes("/model/")), []);
      }, DESKTOP);
    });

    test("a video that is dropped is watched, and what is no video is refused", async () => {
      await visit(async (page) => {
        await page.evaluate(drop, { from: "clip.jpg", name: "holiday.jpg", type: "image/jpeg" });
        await page.getByRole("alert").filter({ hasText: "“holiday.jpg” is not a video." }).waitFor();
        await page.evaluate(drop, { from: "clip.jpg", name: "holiday.mp4", type: "video/mp4" });
        await page.getByRole("alert").filter({ hasText: "cannot play “holiday.mp4”" }).waitFor();
        await page.evaluate(drop, { from: "clip.webm", name: "holiday.webm", type: "video/webm" });
        await rounds(page, 3);
        assert.deepEqual((await log(page)).slice(0, 3).map(({ round }) => round), [0, 1, 2]);
      }, DESKTOP);
    });

    test("after the first visit it needs no network", async () => {
      const once = await serve({ "/demo/": site }, { policy });
      const watch = async (page) => {
        await page.getByRole("button", { name: "Play the clip" }).click();
        await rounds(page, 2);
      };
      await onPage(browser, `${once.url}/demo/`, async (page) => {
        await watch(page);
        await page.waitForFunction(() => navigator.serviceWorker.controller);
        await once.close();
        await page.reload();
        await watch(page);
      }, DESKTOP);
    });
  });
}

test("a visitor without WebGPU and without a camera is told so, and sees it work", async () => {
  const browser = await BROWSERS[0].launch({ gpu: false, args: ["--use-fake-device-for-media-stream=device-count=0"] });
  try {
    await onPage(browser, `${server.url}/demo/`, async (page) => {
      await page.getByRole("button", { name: "Use my camera" }).click();
      await page.getByRole("alert").filter({ hasText: /camera/i }).first().waitFor();
      if (process.env.STREAMO_SCREENSHOTS) {
        await page.screenshot({ path: join(process.env.STREAMO_SCREENSHOTS, "Chromium-no-camera.png"), fullPage: true });
      }
      await page.getByRole("button", { name: "Play the clip" }).click();
      await rounds(page, 2);
      assert.match(await page.locator("#device").innerText(), /processor/);
    }, { expected: EXPECTED, ...DESKTOP });
  } finally {
    await browser.close();
  }
});

/** In the page: drops a file on it. */
async function drop({ from, name, type }) {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([await (await fetch(from)).blob()], name, { type }));
  for (const event of ["dragover", "drop"]) {
    document.dispatchEvent(new DragEvent(event, { dataTransfer, bubbles: true, cancelable: true }));
  }
}

/** Waits until so many rounds are over. */
async function rounds(page, count) {
  await page.waitForFunction((count) => document.querySelectorAll("#log-lines p[data-state]").length >= count, count, { timeout: 60_000 });
}

/** The turns as the page gives them away. */
async function log(page) {
  const given = await page.evaluate(async () => {
    const { createObjectURL } = URL;
    const given = new Promise((give) => (URL.createObjectURL = (blob) => (give(blob), createObjectURL(blob))));
    document.getElementById("log-download").click();
    return (await given).text();
  });
  return given.trim().split("\n").map((line) => JSON.parse(line));
}
