// What pages of these tests share. They run it in the browser: `page.addInitScript`.

globalThis.frames = async function* (count, { first = 0, width = 96, height = 64 } = {}) {
  for (let time = first; time < first + count; time++) {
    const image = new ImageData(width, height);
    image.data.forEach((_, at) => (image.data[at] = at % 4 === 3 ? 255 : (at * (time + 3)) % 251));
    yield { image, time };
  }
};

/** The turns of a session, and the error that it ended with. */
globalThis.collect = async (session) => {
  const turns = [];
  try {
    for await (const turn of session) {
      turns.push(turn);
    }
    return { turns };
  } catch ({ code, message, hint, name }) {
    return { turns, error: { code, message, hint, name } };
  }
};

/** What a promise ends with. */
globalThis.outcome = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ code, message, hint, name }) => ({ error: { code, message, hint, name } }),
  );

/** A camera whose picture has the second's number as its brightness, times ten. */
globalThis.clockCamera = () => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [160, 120];
  const context = canvas.getContext("2d");
  const began = performance.now();
  const draw = () => {
    const second = Math.floor((performance.now() - began) / 1000);
    context.fillStyle = `rgb(${second * 10}, ${second * 10}, ${second * 10})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  draw();
  const timer = setInterval(draw, 40);
  const stream = canvas.captureStream(25);
  return { stream, began, stop: () => (clearInterval(timer), stream.getTracks().forEach((track) => track.stop())) };
};

/** The package's worker under the eyes of workers/eyes.js; `seen` fills with what it is given to see. */
globalThis.watchedWorkers = () => {
  const workers = [];
  const seen = [];
  const workerFactory = () => {
    const worker = new Worker("/workers/watched.js", { type: "module" });
    worker.addEventListener("message", ({ data }) => data.kind === "seen" && seen.push(data));
    workers.push(worker);
    return worker;
  };
  return { workers, seen, workerFactory, tell: (test) => workers.at(-1).postMessage({ test }) };
};
