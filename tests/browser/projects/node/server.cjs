const assert = require("node:assert/strict");

assert.deepEqual(Object.keys(require("streamo-wgpu")), ["Streamo", "StreamoError"]);
assert.deepEqual(Object.keys(require("streamo-wgpu/camera")), ["listCameras", "openCamera"]);
