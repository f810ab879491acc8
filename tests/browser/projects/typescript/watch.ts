import { Streamo, StreamoError } from "streamo-wgpu";
import { openCamera } from "streamo-wgpu/camera";

try {
  const streamo = await Streamo.load({ onProgress: ({ stage, loaded, total }) => console.log(stage, loaded / total) });
  const camera = await openCamera({ facing: "environment" });
  for await (const turn of streamo.watch(camera.stream, { question: "Tell me when someone comes in." })) {
    if (turn.state === "response") console.log(turn.from.toFixed(), turn.text);
  }
} catch (error) {
  if (error instanceof StreamoError && error.code === "camera-denied") console.log(error.hint);
}
