let delay = 0;
let device;

const post = self.postMessage.bind(self);
self.postMessage = (said) => (delay > 0 && said.gets?.generated ? setTimeout(() => post(said), delay) : post(said));

const { requestDevice } = globalThis.GPUAdapter?.prototype ?? {};
if (requestDevice) {
  GPUAdapter.prototype.requestDevice = async function (...wanted) {
    device = await requestDevice.apply(this, wanted);
    return device;
  };
}

self.addEventListener("message", (event) => {
  const { test, name, asks } = event.data;
  if (test) {
    event.stopImmediatePropagation();
    delay = test.delay ?? delay;
    if (test.destroy) {
      device.destroy();
    }
  } else if (name === "frame") {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.drawImage(asks.picture, 0, 0, 1, 1);
    post({ kind: "seen", round: asks.round, color: [...canvas.getImageData(0, 0, 1, 1).data] });
  }
});
