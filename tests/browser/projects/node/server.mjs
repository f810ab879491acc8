// On a server nothing of a page is there; while the package is imported, whoever looks for it fails.

import assert from "node:assert/strict";

const OF_A_PAGE = [
  "window", "self", "document", "location", "navigator", "Worker", "HTMLVideoElement", "HTMLMediaElement", "MediaStream",
  "FileList", "FileSystemDirectoryHandle", "ImageData", "OffscreenCanvas",
];
for (const name of OF_A_PAGE) {
  Object.defineProperty(globalThis, name, { configurable: true, get: () => assert.fail(`${name} was looked at`) });
}
const globals = () => Object.entries(Object.getOwnPropertyDescriptors(globalThis));
const before = globals();
const { Streamo, StreamoError } = await import("streamo-wgpu");
const { listCameras, openCamera } = await import("streamo-wgpu/camera");
assert.deepEqual(globals(), before);
OF_A_PAGE.forEach((name) => delete globalThis[name]);

const refused = (code) => (error) => {
  assert.ok(error instanceof StreamoError);
  assert.deepEqual([error.code, error.hint], [code, "Call it in the page, not on the server."]);
  return true;
};
await assert.rejects(Streamo.load(), refused("invalid"));
await assert.rejects(openCamera(), refused("camera-absent"));
assert.deepEqual(await listCameras(), []);
const { webgpu, reason } = await Streamo.probe();
assert.deepEqual([webgpu, reason], [false, "Models run in browsers only."]);
