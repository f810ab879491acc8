// Headless Chromium and Firefox, both with WebGPU in software, and pages in them that may not complain.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { chromium, firefox } from "playwright-core";

const CHROMIUM = [
  "--no-sandbox",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];
const CHROMIUM_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
const FIREFOX = {
  "gfx.webgpu.ignore-blocklist": true,
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
};

/** The browsers that the machine has, with WebGPU or without; `camera` is a video that Chromium's camera shows. */
export const BROWSERS = [
  {
    name: "Chromium",
    launch: ({ camera, gpu = true, args = [] } = {}) => {
      const webgpu = gpu ? CHROMIUM_GPU : ["--disable-features=WebGPU", "--disable-gpu"];
      const video = camera ? [`--use-file-for-fake-video-capture=${camera}`] : [];
      return chromium.launch({ executablePath: program("STREAMO_CHROMIUM"), args: [...CHROMIUM, ...webgpu, ...video, ...args] });
    },
  },
  {
    name: "Firefox",
    launch: ({ gpu = true, prefs = {} } = {}) =>
      firefox.launch({
        executablePath: program("STREAMO_FIREFOX"),
        channel: "moz-firefox", // as it comes, not as Playwright builds it
        firefoxUserPrefs: { ...FIREFOX, "dom.webgpu.enabled": gpu, ...prefs },
      }),
  },
];

function program(variable) {
  assert.ok(process.env[variable], `${variable} names the browser's program: run ./build.sh test`);
  return process.env[variable];
}

/**
 * Opens `url` in a page of `browser` and gives it to `use`. Whatever the page complains of in its console fails, but for
 * what matches one of `expected`.
 */
export async function onPage(browser, url, use, { expected = [], ...options } = {}) {
  const complaints = [];
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.addInitScript({ path: fileURLToPath(new URL("page.mjs", import.meta.url)) });
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  try {
    const crashed = new Promise((_, fail) => page.on("crash", () => fail(new Error("the page crashed"))));
    await page.goto(url);
    const used = await Promise.race([use(page, context), crashed]);
    assert.deepEqual(complaints.filter((complaint) => !expected.some((known) => known.test(complaint))), []);
    return used;
  } catch (error) {
    error.message += complaints.map((complaint) => `\n  console: ${complaint}`).join("");
    throw error;
  } finally {
    await context.close();
  }
}
