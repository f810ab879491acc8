/** What a GPU does in a second, roughly: measured in a moment, with nothing of a model. */
export interface Speed {
  /** Bytes that it reads. A token of an answer reads every weight once, so no answer comes faster than this allows. */
  bytes: number;
  /** Multiplications and additions in f32. What a frame costs is bound by these. */
  operations: number;
}

/** `GPUBufferUsage.STORAGE`, which is no name where there is no WebGPU. */
const STORAGE = 0x80;
const LANES = 65_536;
const BYTES = 32 << 20;

/** Every lane sums up a part of the buffer. */
const READING = `
@group(0) @binding(0) var<storage, read> numbers: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var place = id.x; place < arrayLength(&numbers); place += ${LANES}u) {
    sum += numbers[place];
  }
  sums[id.x] = dot(sum, vec4f(1));
}`;

const TURNS = 256;
/** Four chains of four numbers, so that none waits for itself. */
const COMPUTING = `
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(f32(id.x) * 1e-9 + 0.999);
  var a = factor; var b = factor + 1; var c = factor + 2; var d = factor + 3;
  for (var turn = 0u; turn < ${TURNS}u; turn++) {
    a = fma(a, factor, b); b = fma(b, factor, c); c = fma(c, factor, d); d = fma(d, factor, a);
  }
  sums[id.x] = dot(a + b + c + d, vec4f(1));
}`;
const OPERATIONS = LANES * TURNS * 4 * 4 * 2;

/** Long enough that what it takes to begin does not count, in milliseconds. */
const ENOUGH = 20;
const MOST = 1024;

/** How fast an adapter is; `null` where it gives no device or fails. It is not to be used for anything else afterwards. */
export async function measure(adapter: GPUAdapter): Promise<Speed | null> {
  const device = await adapter.requestDevice().catch(() => null);
  if (!device) {
    return null;
  }
  try {
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const numbers = device.createBuffer({ size: BYTES, usage: STORAGE });
    const sums = device.createBuffer({ size: 4 * LANES, usage: STORAGE });
    const reading = await seconds(device, READING, [numbers, sums]);
    const computing = await seconds(device, COMPUTING, [undefined, sums]);
    const failed = (await device.popErrorScope()) ?? (await device.popErrorScope());
    return failed ? null : { bytes: BYTES / reading, operations: OPERATIONS / computing };
  } catch {
    return null;
  } finally {
    device.destroy();
  }
}

/** What a pass over all lanes takes: of more and more passes at once, until they take long enough. */
async function seconds(device: GPUDevice, code: string, buffers: (GPUBuffer | undefined)[]): Promise<number> {
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  const entries = buffers.flatMap((buffer, binding) => (buffer ? [{ binding, resource: { buffer } }] : []));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const run = async (passes: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let turn = 0; turn < passes; turn++) {
      pass.dispatchWorkgroups(LANES / 256);
    }
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
  // The first one also makes everything ready.
  await run(1);
  for (let passes = 1; ; passes *= 2) {
    const took = await run(passes);
    if (took >= ENOUGH || passes >= MOST) {
      return Math.max(took, 0.1) / passes / 1000;
    }
  }
}
