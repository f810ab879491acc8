// Streams that go on by themselves: cameras and videos, devices too slow for them, and a GPU that is lost.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BROWSERS, onPage } from "./browsers.mjs";
import { dist, house, serve, STRICT } from "./server.mjs";

const run = promisify(execFile);

let folder, server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamo-"));
  const clip = ["-v", "error", "-i", join(house, "tests/fixtures/clip.mp4")];
  await run("ffmpeg", [...clip, "-vf", "fps=10,scale=320:180", "-c:v", "mjpeg", "-q:v", "3", join(folder, "camera.mjpeg")]);
  // Each second has a brightness of its own, ten times its number.
  const grey = ["-f", "lavfi", "-i", "color=black:s=160x120:r=25:d=5", "-vf", "geq=lum='16+floor(T)*10':cb=128:cr=128"];
  await run("ffmpeg", ["-v", "error", ...grey, "-c:v", "libvpx", "-b:v", "300k", join(folder, "seconds.webm")]);
  const workers = fileURLToPath(new URL("workers", import.meta.url));
  server = await serve({ "/dist/": dist, "/workers/": workers, "/videos/": folder }, { policy: `${STRICT}; media-src 'self'` });
});

after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

for (const { name, launch } of BROWSERS) {
  describe(name, { timeout: 600_000 }, () => {
    let browser;
    before(async () => (browser = await launch({ camera: join(folder, "camera.mjpeg") })));
    after(() => browser.close());
    const visit = (use, argument, options) =>
      onPage(browser, server.url, (page) => page.evaluate(use, argument), options);

    test("a camera is watched a second at a time", async () => {
      const { turns, label } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const { listCameras, openCamera } = await import("/dist/camera.js");
        const camera = await openCamera();
        const [{ label }] = await listCameras();
        const streamo = await Streamo.load({ device: "cpu" });
        const session = streamo.watch(camera.stream, { question: "What is it?", maxTokens: 4 });
        session.on("turn", ({ round }) => round === 4 && session.close());
        const { turns } = await collect(session);
        camera.stop();
        await streamo.dispose();
        return { turns, label };
      });
      assert.ok(label);
      assert.deepEqual(turns.map(({ round, from, to, behind }) => [round, from, to, behind]), [0, 1, 2, 3, 4].map((i) => [i, i, i + 1, 0]));
      assert.ok(turns.every(({ state, logits }) => state && logits));
      turns.slice(1).forEach(({ takenAt }, at) => {
        const apart = takenAt - turns[at].takenAt;
        assert.ok(Math.abs(apart - 1000) < 400, `frame ${at + 1} came ${apart} ms after the one before`);
      });
    });

    test("a slow device passes over frames, and no second is mislabelled", async () => {
      const { turns, seen, behind, began } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const { seen, workerFactory, tell } = watchedWorkers();
        const streamo = await Streamo.load({ device: "cpu", workerFactory });
        tell({ delay: 1700 });
        const camera = clockCamera();
        const session = streamo.watch(camera.stream, { question: "What?", maxTokens: 2 });
        const behind = [];
        session.on("behind", (passed) => behind.push(passed));
        session.on("turn", ({ round }) => round >= 7 && session.close());
        const { turns } = await collect(session);
        camera.stop();
        await streamo.dispose();
        return { turns, seen, behind, began: performance.timeOrigin + camera.began };
      });
      assert.ok(turns.some(({ behind }) => behind > 0), "it was too fast");
      assert.deepEqual(behind, turns.filter(({ behind }) => behind > 0).map(({ behind, round }) => ({ rounds: behind, round })));
      turns.forEach(({ round, behind }, at) => assert.equal(round, (turns[at - 1]?.round ?? -1) + 1 + behind));
      // The picture says when it was taken; a frame or two may lie between the picture and its taking.
      for (const { round, takenAt } of turns) {
        const shown = seen.find((frame) => frame.round === round).color[0] / 10;
        const taken = (takenAt - began) / 1000;
        assert.ok(Math.abs(shown - Math.floor(taken)) <= 0.35 || Math.abs(taken % 1) < 0.2, `round ${round}, taken at ${taken}, shows ${shown}`);
      }
      const zero = turns[0].takenAt;
      turns.forEach(({ round, takenAt }) => assert.ok(Math.abs((takenAt - zero) / 1000 - round) < 0.5, `round ${round} of ${takenAt - zero} ms`));
    });

    test("a video is watched by its own time, and ends", async () => {
      const { turns, seen, ends, events } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const { seen, workerFactory } = watchedWorkers();
        const streamo = await Streamo.load({ device: "cpu", workerFactory });
        const video = document.createElement("video");
        video.muted = true;
        video.src = "/videos/seconds.webm";
        const session = streamo.watch(video, { question: "What?", maxTokens: 2, fps: 1 });
        const events = [];
        const ends = [];
        session.on("end", (end) => ends.push(end));
        session.on("paused", ({ reason }) => events.push(`paused: ${reason}`));
        session.on("resumed", ({ reason }) => events.push(`resumed: ${reason}`));
        const turns = collect(session);
        await video.play();
        session.on("turn", async ({ round }) => {
          if (round === 1 && !events.includes("paused: video")) {
            video.pause();
            await new Promise((later) => setTimeout(later, 1500));
            await video.play();
          }
        });
        const told = await turns;
        await streamo.dispose();
        return { ...told, seen, ends, events };
      });
      assert.deepEqual(ends, [{ reason: "ended" }]);
      assert.deepEqual(turns.map(({ round, behind }) => [round, behind]), [0, 1, 2, 3, 4].map((i) => [i, 0]));
      turns.forEach(({ mediaTime, round }) => assert.ok(mediaTime >= round && mediaTime < round + 0.5, `${round} at ${mediaTime}`));
      seen.forEach(({ round, color }) => assert.ok(Math.abs(color[0] / 11.6 - round) < 0.5, `round ${round} is ${color}`));
      assert.ok(events.includes("paused: video") && events.includes("resumed: video"), events.join());
    });

    test("a video that is wound back goes on forwards", async () => {
      const { turns } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const streamo = await Streamo.load({ device: "cpu" });
        const video = document.createElement("video");
        video.muted = true;
        video.loop = true;
        video.src = "/videos/seconds.webm";
        await video.play();
        const session = streamo.watch(video, { question: "What?", maxTokens: 2 });
        session.on("turn", ({ round }) => {
          if (round === 2) {
            video.currentTime = 0.5;
          }
          if (round === 4) {
            void session.close();
          }
        });
        const told = await collect(session);
        await streamo.dispose();
        return told;
      });
      assert.ok(turns.every(({ round }, at) => at === 0 || round > turns[at - 1].round));
      assert.ok(turns.at(-1).mediaTime < turns.at(-1).round, "it was wound back");
    });

    test("a camera that is gone ends the stream with an error", async () => {
      const { turns, error } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const streamo = await Streamo.load({ device: "cpu" });
        const { stream, stop } = clockCamera();
        const session = streamo.watch(stream, { question: "What?", maxTokens: 2 });
        session.on("turn", ({ round }) => {
          if (round === 1) {
            stop();
            // Unlike one that the page stops, a track that is taken away says so.
            stream.getVideoTracks()[0].dispatchEvent(new Event("ended"));
          }
        });
        const told = await collect(session);
        await streamo.dispose();
        return told;
      });
      assert.equal(turns.length, 2);
      assert.deepEqual([error.name, error.code], ["StreamoError", "camera-lost"]);
    });

    test("a hidden page passes over its seconds, unless it is to go on", async () => {
      const [hidden, watching] = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const streamo = await Streamo.load({ device: "cpu" });
        const { stream, stop } = clockCamera();
        const sessions = ["pause", "watch"].map((hidden) => streamo.watch(stream, { question: "What?", maxTokens: 2, hidden }));
        const events = sessions.map(() => []);
        sessions.forEach((session, at) => {
          session.on("paused", ({ reason }) => events[at].push(`paused: ${reason}`));
          session.on("resumed", ({ reason }) => events[at].push(`resumed: ${reason}`));
          session.on("turn", ({ round }) => round >= 5 && session.close());
        });
        const turns = Promise.all(sessions.map(collect));
        const hide = (hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        };
        setTimeout(() => hide(true), 1500);
        setTimeout(() => hide(false), 4500);
        const told = await turns;
        stop();
        await streamo.dispose();
        return told.map(({ turns }, at) => ({ turns, events: events[at] }));
      });
      assert.deepEqual(hidden.events, ["paused: hidden", "resumed: hidden"]);
      assert.ok(hidden.turns.some(({ behind }) => behind >= 2), "seconds were passed over");
      assert.deepEqual(watching.events, []);
      assert.ok(watching.turns.length > hidden.turns.length);
    });

    test("questions come and go, it can be muted, tuned, paused and closed, and nothing waits for ever", async () => {
      const { asked, muted, tuned, aborted, closed, late } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const streamo = await Streamo.load({ device: "cpu" });
        const watch = (count, options) => streamo.watch(frames(count), { maxTokens: 3, ...options });
        const quiet = watch(4, {});
        quiet.on("turn", ({ round }) => {
          if (round === 0) quiet.ask("What is it?");
          if (round === 1) quiet.withdraw("What is it?");
        });
        const asked = (await collect(quiet)).turns.map(({ logits }) => logits !== null);
        const always = watch(2, { question: ["What?", { text: "When?", at: 1 }], threshold: 0 });
        const muting = watch(2, { question: "What?", threshold: 0 });
        muting.mute();
        const changing = watch(3, { question: "What?", threshold: 0 });
        changing.on("turn", ({ round }) => round === 0 && changing.tune({ threshold: 2 }));
        const states = async (session) => (await collect(session)).turns.map(({ state }) => state);
        const muted = [await states(always), await states(muting)];
        const tuned = await states(changing);
        const abort = new AbortController();
        const { stream, stop } = clockCamera();
        const dying = streamo.watch(stream, { question: "What?", signal: abort.signal });
        dying.on("turn", () => abort.abort("enough"));
        const aborted = await collect(dying);
        const closing = streamo.watch(stream, { question: "What?" });
        closing.on("turn", () => closing.close());
        const closed = await collect(closing);
        stop();
        const open = collect(streamo.watch(frames(1000), { question: "What?" }));
        await streamo.dispose();
        await open;
        const late = await outcome((async () => streamo.watch(frames(1)))());
        return { asked, muted, tuned, aborted, closed, late };
      });
      assert.equal(asked[0], false);
      assert.equal(asked[1], true);
      assert.equal(asked.at(-1), false);
      assert.deepEqual(muted[0], ["response", "response"]);
      assert.ok(!muted[1].includes("response"));
      assert.equal(tuned[0], "response");
      assert.notEqual(tuned.at(-1), "response");
      assert.equal(aborted.error.code, "aborted");
      assert.equal(closed.error, undefined);
      assert.equal(late.error.code, "invalid");
    });

    test("a picture is the same whatever brings it, and each is closed after use", async () => {
      const { logits, closed } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const streamo = await Streamo.load({ device: "cpu" });
        const canvas = new OffscreenCanvas(96, 64);
        canvas.getContext("2d").putImageData((await frames(1).next()).value.image, 0, 0);
        const data = canvas.getContext("2d").getImageData(0, 0, 96, 64);
        const pictures = [data, await createImageBitmap(canvas), new VideoFrame(canvas, { timestamp: 0 })];
        const logits = [];
        for (const image of pictures) {
          const one = (async function* () {
            yield { image, time: 0 };
          })();
          const { turns, error } = await collect(streamo.watch(one, { question: "What?" }));
          logits.push(error ?? turns[0].logits);
        }
        await streamo.dispose();
        return { logits, closed: [pictures[0].data.length, pictures[1].width, pictures[2].codedWidth] };
      });
      const [data, ...others] = logits;
      others.forEach((other) => Object.keys(data).forEach((state) => assert.ok(Math.abs(other[state] - data[state]) < 0.05, JSON.stringify(logits))));
      assert.deepEqual(closed, [0, 0, 0]);
    });

    test("a camera is turned off with its signal, and is never turned on for one that is aborted", async () => {
      const { state, errors } = await visit(async () => {
        const { openCamera } = await import("/dist/camera.js");
        const abort = new AbortController();
        const camera = await openCamera({ signal: abort.signal, width: 320, height: 240 });
        abort.abort();
        const late = new AbortController();
        const opening = outcome(openCamera({ signal: late.signal }));
        late.abort();
        const errors = [await outcome(openCamera({ signal: abort.signal })), await opening].map(({ error }) => error?.code);
        return { state: camera.stream.getVideoTracks()[0].readyState, errors };
      });
      assert.equal(state, "ended");
      assert.deepEqual(errors, ["aborted", "aborted"]);
    });

    test("a GPU that is lost is replaced, and the stream goes on", async () => {
      const { turns, events, workers } = await visit(async () => {
        const { Streamo } = await import("/dist/index.js");
        const { workers, workerFactory, tell } = watchedWorkers();
        const streamo = await Streamo.load({ device: "webgpu", workerFactory });
        const { stream, stop } = clockCamera();
        const session = streamo.watch(stream, { question: "What is it?", maxTokens: 2, window: 60 });
        const events = [];
        session.on("lost", ({ reason }) => events.push(["lost", reason]));
        session.on("recovered", ({ rounds }) => events.push(["recovered", rounds]));
        let turns = 0;
        session.on("turn", () => {
          turns++;
          if (turns === 2) {
            tell({ destroy: true });
          }
          if (turns === 4) {
            void session.close();
          }
        });
        const told = await collect(session);
        stop();
        await streamo.dispose();
        return { ...told, events, workers: workers.length };
      }, undefined, { expected: [/lost|destroyed|Device|device/] });
      assert.equal(workers, 2);
      assert.equal(events.length, 2, JSON.stringify(events));
      assert.match(events[0][1], /lost/);
      assert.deepEqual(events[1], ["recovered", 2]);
      assert.equal(turns.length, 4);
      assert.ok(turns.every(({ logits }) => logits), "the question still stands");
      assert.ok(turns[2].tokens.memory > turns[0].tokens.memory, "it remembers what was before");
    });
  });
}

// In Firefox, whose software GPU comes back sooner.
test("a GPU that is lost again and again is given up", { timeout: 300_000 }, async () => {
  const browser = await BROWSERS[1].launch();
  const watch = async () => {
    const { Streamo } = await import("/dist/index.js");
    const { workers, workerFactory, tell } = watchedWorkers();
    const streamo = await Streamo.load({ device: "webgpu", workerFactory });
    const { stream, stop } = clockCamera();
    const session = streamo.watch(stream, { question: "What is it?", maxTokens: 2, window: 60 });
    // As if it came back at once, as real ones do.
    const now = Date.now();
    Date.now = () => now;
    session.on("turn", () => tell({ destroy: true }));
    const told = await collect(session);
    stop();
    await streamo.dispose();
    return { ...told, workers: workers.length };
  };
  try {
    const expected = [/lost|destroyed|Device|device/];
    const { turns, error, workers } = await onPage(browser, server.url, (page) => page.evaluate(watch), { expected });
    assert.equal(error?.code, "device-lost");
    assert.equal(workers, 4, "the first, and three in its place");
    assert.ok(turns.length >= workers, "each watched a round");
  } finally {
    await browser.close();
  }
});

test("a camera that is denied, absent or in use is said", async () => {
  const open = async (refused) => {
    const { openCamera } = await import("/dist/camera.js");
    if (refused) {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("Could not start video source", refused));
    }
    return outcome(openCamera());
  };
  const refusal = async (browser, refused) => {
    try {
      const { error } = await onPage(browser, server.url, (page) => page.evaluate(open, refused));
      return [error.name, error.code];
    } finally {
      await browser.close();
    }
  };
  const [chromium, firefox] = BROWSERS;
  const denied = ["--use-fake-ui-for-media-stream=deny"];
  assert.deepEqual(await refusal(await chromium.launch({ args: denied })), ["StreamoError", "camera-denied"]);
  const none = ["--use-fake-device-for-media-stream=device-count=0"];
  assert.deepEqual(await refusal(await chromium.launch({ args: none })), ["StreamoError", "camera-absent"]);
  const forbidden = { "permissions.default.camera": 2, "media.navigator.permission.disabled": false };
  assert.deepEqual(await refusal(await firefox.launch({ prefs: forbidden })), ["StreamoError", "camera-denied"]);
  // Browsers' own fake cameras cannot be taken by another program: this is what browsers say where one is.
  assert.deepEqual(await refusal(await firefox.launch(), "NotReadableError"), ["StreamoError", "camera-in-use"]);
});
