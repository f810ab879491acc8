/**
 * How fast the engine's kernels are on this device, beside what its GPU can do at most; and single operations, to be timed
 * beside those of other runtimes.
 *
 * ```ts
 * import { openBench } from "streamo-wgpu/bench";
 *
 * const bench = await openBench();
 * const report = await bench.run({ onLine: (line) => console.log(line.operation, line.shape, line.share) });
 *
 * const product = bench.matmul({ rows: 143, inputs: 2048, outputs: 2048, format: "q4" });
 * product.run();
 * await product.sync(); // the first run compiles
 * const start = performance.now();
 * for (let i = 0; i < 100; i++) product.run();
 * await product.sync();
 * console.log((performance.now() - start) / 100, "ms");
 * bench.dispose();
 * ```
 *
 * It runs in the thread that imports it, page or worker, so that nothing lies between the caller's clock and the GPU. There
 * is one adapter in a thread: whoever opens a second bench there gets the same one.
 *
 * @module
 */

import { Bench as Inner, Engine, type Operation as InnerOperation } from "../engine/streamo_wgpu.js";
import { StreamoError } from "./errors.js";
import { typed } from "./explain.js";
import { Held } from "./held.js";
import { startModule } from "./module.js";
import { look } from "./probe.js";

export { StreamoError, type ErrorCode } from "./errors.js";

/** The adapter that is measured. */
export interface Adapter {
  /** What it calls itself, as far as the browser tells. */
  name: string;
  /** Whether the CPU plays the GPU. */
  software: boolean;
  /** Whether kernels compute in f16 where it serves. */
  f16: boolean;
  /** Lanes of the smallest subgroup; 0 where kernels may not use subgroups. */
  subgroup: number;
}

/** The most that the adapter was seen to do, by kernels that do nothing else. */
export interface Ceilings {
  /** Floating point operations a second, in f32 multiply-adds of two each. */
  flops: number;
  /** Weights of four bits decoded and multiplied a second. */
  unpacked: number;
  /** Bytes read a second. */
  read: number;
  /** Seconds of an empty dispatch among others. */
  dispatch: number;
}

/** Shares of the ceilings, measured again right before. */
export interface Share {
  flops: number;
  read: number;
  /** For one row of weights of four bits. */
  unpacked?: number;
}

/** What a kernel did. */
export interface Line {
  operation: "product" | "attention";
  /** Its sizes, for people. */
  shape: string;
  /** Rows that are computed at once. */
  rows: number;
  /** How weights stand, or keys and values. */
  format: MatrixFormat;
  /** A call. */
  seconds: number;
  /** Floating point operations a second. */
  flops: number;
  /** Bytes a second, each counted once. */
  bytes: number;
  share: Share;
}

/** What a round takes beside the work of its kernels: one with all layers of the 3B model and next to no width. */
export interface Overhead {
  seconds: number;
  /** Kernels that it runs. */
  kernels: number;
}

/** A silent second of a model with the 3B's widths and two layers in each part. */
export interface Round {
  /** Tokens in memory, the round's own included. */
  memory: number;
  /** Rows of the prefill. */
  rows: number;
  seconds: number;
  /** Of these, the frame. */
  vision: number;
  kernels: number;
  /** Floating point operations a second. */
  flops: number;
  /** The share of the adapter's multiply-adds. */
  share: number;
  /** The share of the round that its kernels take beside their work. */
  overhead: number;
}

/** Every figure of a run. */
export interface Report {
  adapter: string;
  /** Seconds of a wait for nothing, which are taken off all others. */
  wait: number;
  ceilings: Ceilings;
  lines: Line[];
  /** None of a brief run. */
  rounds: Round[];
  overhead: Overhead;
}

/** What is measured, and who is told. */
export interface RunOptions {
  /** `whole`, the default: minutes where the CPU plays the GPU. `brief`: the smallest shapes, and no round. */
  scope?: "brief" | "whole";
  onCeilings?(ceilings: Ceilings): void;
  onLine?(line: Line): void;
  onOverhead?(overhead: Overhead): void;
  onRound?(round: Round): void;
  /** Steps that are done, of how many. */
  onProgress?(progress: { done: number; total: number }): void;
  /** Ends it after the step that is under way. */
  signal?: AbortSignal;
}

/** How a matrix stands: 32, 16, 8.5 or 4.5 bits a weight. */
export type MatrixFormat = "f32" | "f16" | "q8" | "q4";

/** Sizes of a product `x Wᵀ`. */
export interface MatMulOptions {
  /** Rows of x. */
  rows: number;
  inputs: number;
  outputs: number;
  format: MatrixFormat;
  /** `[rows, inputs]`, row by row; numbers of its own without it, the same ones every time. */
  x?: Float32Array;
}

/** Sizes of the attention of the last `rows` of `slots` tokens over all of them. */
export interface AttentionOptions {
  rows: number;
  slots: number;
  queryHeads: number;
  /** Of keys, and of values; a divisor of `queryHeads`. */
  keyHeads: number;
  /** Features of a head: 8, 16, … 128. */
  headSize: number;
  /** How keys and values stand. */
  format: "f32" | "q8";
}

/** A single operation with its operands on the GPU. */
export interface Operation {
  /** Enqueues it once, and returns at once. */
  run(): void;
  /** Ends when everything that was enqueued is done. */
  sync(): Promise<void>;
  /** What the last run made, row by row. */
  output(): Promise<Float32Array>;
  /** Gives its memory back. */
  dispose(): void;
}

/** A product. */
export interface MatMul extends Operation {
  /** W as the numbers that its codes stand for, `[outputs, inputs]`, row by row: for other runtimes to multiply with. */
  weights(): Float32Array;
}

/** Where the engine is. */
export interface OpenOptions {
  /** The address of `streamo.wasm`, where it is not in `engine/` beside this script. */
  wasmUrl?: string | URL;
  signal?: AbortSignal;
}

/** The engine's kernels, ready to be measured. Every error that it throws is a {@link StreamoError}. */
export interface Bench {
  readonly adapter: Adapter;
  /** Bytes of the GPU's memory that are taken. */
  readonly bytes: number;
  /** Measures. One run at a time, and no operation beside it. */
  run(options?: RunOptions): Promise<Report>;
  matmul(options: MatMulOptions): MatMul;
  attention(options: AttentionOptions): Operation;
  /** Gives back what its operations hold, once they are done. */
  dispose(): void;
}

let started: Promise<void> | undefined;

let tellOfLoss: (reason: string) => void = () => undefined;
/** Rejected when the GPU is lost: what waits for it then may wait for ever. */
const lost = new Promise<never>((_, reject) => {
  tellOfLoss = (reason) => reject(new StreamoError("device-lost", reason));
});
lost.catch(() => undefined);

/**
 * Fetches the engine and opens the GPU.
 *
 * @throws StreamoError
 */
export async function openBench({ wasmUrl, signal }: OpenOptions = {}): Promise<Bench> {
  endIf(signal);
  try {
    started ??= begin(wasmUrl, signal);
    await started;
    endIf(signal);
    const [inner, { name }] = await Promise.all([Inner.open(), look()]);
    return new OpenBench(inner, name);
  } catch (error) {
    endIf(signal);
    throw typed(error);
  }
}

/** Once in a thread, also where two open at the same time. */
async function begin(wasmUrl: string | URL | undefined, signal: AbortSignal | undefined): Promise<void> {
  try {
    const module = wasmUrl ?? new URL("./engine/streamo.wasm", import.meta.url);
    await startModule(String(module), () => undefined, signal);
    Engine.on_loss((reason: string) => tellOfLoss(reason));
    (await Inner.open()).free();
  } catch (error) {
    started = undefined;
    throw error;
  }
}

class OpenBench implements Bench {
  readonly adapter: Adapter;
  private readonly held: Held<Inner>;
  private readonly operations = new Set<Operation>();

  /** The browser may know a `name` that the engine does not. */
  constructor(inner: Inner, name: string) {
    const adapter = JSON.parse(inner.adapter()) as Adapter;
    this.adapter = { ...adapter, name: name || adapter.name };
    this.held = new Held(inner, "this bench", (inner) => inner.free(), lost);
  }

  get bytes(): number {
    return this.held.use((inner) => inner.bytes());
  }

  async run({ scope = "whole", signal, ...listener }: RunOptions = {}): Promise<Report> {
    endIf(signal);
    const total = Inner.steps(scope === "brief");
    let done = 0;
    let thrown: { error: unknown } | undefined;
    const tell = (text: string): boolean => {
      try {
        hear(JSON.parse(text) as Told, listener);
        listener.onProgress?.({ done: ++done, total });
      } catch (error) {
        thrown = { error };
      }
      return !thrown && !signal?.aborted;
    };
    try {
      const report = JSON.parse(await this.held.wait((inner) => inner.run(scope === "brief", tell))) as Report;
      return { ...report, adapter: this.adapter.name };
    } catch (error) {
      // A listener's own error is its own.
      if (thrown) {
        throw thrown.error;
      }
      endIf(signal);
      throw error;
    }
  }

  matmul({ rows, inputs, outputs, format, x }: MatMulOptions): MatMul {
    whole({ rows, inputs, outputs });
    if (x && x.length !== rows * inputs) {
      throw new StreamoError("invalid", `x has ${x.length} numbers, and not ${rows} × ${inputs} = ${rows * inputs}`);
    }
    const inner = this.held.use((inner) => inner.matmul(rows, inputs, outputs, format, x));
    const held = this.operation(inner);
    return { ...this.surface(held), weights: () => held.use((inner) => inner.weights()) };
  }

  attention({ rows, slots, queryHeads, keyHeads, headSize, format }: AttentionOptions): Operation {
    whole({ rows, slots, queryHeads, keyHeads, headSize });
    const inner = this.held.use((inner) => inner.attention(rows, slots, queryHeads, keyHeads, headSize, format));
    return this.surface(this.operation(inner));
  }

  dispose(): void {
    this.operations.forEach((operation) => operation.dispose());
    this.operations.clear();
    this.held.dispose();
  }

  private operation(inner: InnerOperation): Held<InnerOperation> {
    return new Held(inner, "this operation", (inner) => inner.dispose(), lost);
  }

  private surface(held: Held<InnerOperation>): Operation {
    const operation: Operation = {
      run: () => held.use((inner) => inner.run()),
      sync: () => held.wait((inner) => inner.sync()),
      output: () => held.wait((inner) => inner.output()),
      dispose: () => {
        this.operations.delete(operation);
        held.dispose();
      },
    };
    this.operations.add(operation);
    return operation;
  }
}

/** What the engine tells of a run, one of these at a time. */
interface Told {
  ceilings?: Ceilings;
  line?: Line;
  overhead?: Overhead;
  round?: Round;
}

function hear({ ceilings, line, overhead, round }: Told, listener: RunOptions): void {
  ceilings && listener.onCeilings?.(ceilings);
  line && listener.onLine?.(line);
  overhead && listener.onOverhead?.(overhead);
  round && listener.onRound?.(round);
}

function whole(sizes: Record<string, number>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 0 || size >= 2 ** 32) {
      throw new StreamoError("invalid", `${name} is a whole number, and not ${size}`);
    }
  }
}

function endIf(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new StreamoError("aborted", "the bench was aborted", { cause: signal.reason });
  }
}
