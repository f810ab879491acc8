import { Streamo } from "./streamo-wgpu/index.js";

async function* frames() {
  yield { image: new ImageData(320, 240), time: 0 };
}

const streamo = await Streamo.load({ device: "cpu" });
for await (const turn of streamo.watch(frames(), { question: "What is happening?" })) {
  document.body.append(`${turn.from}–${turn.to} s: ${turn.state} ${turn.text}\n`);
}
