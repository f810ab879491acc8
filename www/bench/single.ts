import type { Bench, MatMul, MatrixFormat, Operation } from "../src/bench.js";
import { giga, milliseconds } from "./tables.js";

/** Milliseconds that calls are repeated for, so that a wait and the clock's grain weigh little. */
const LONG = 300;
const MOST_CALLS = 1000;

/** Shows the fields of the operation that is chosen. */
export function fit(form: HTMLFormElement): void {
  const chosen = new FormData(form).get("operation");
  form.querySelectorAll<HTMLElement>("[data-of]").forEach((label) => {
    const wanted = label.dataset["of"] === chosen;
    label.hidden = !wanted;
    label.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select").forEach((field) => {
      field.disabled = !wanted;
    });
  });
}

/** Times what the form says, and says it in words. */
export async function time(bench: Bench, form: HTMLFormElement): Promise<string> {
  const fields = new FormData(form);
  const size = (name: string): number => Number(fields.get(name));
  const { operation, flops } = fields.get("operation") === "matmul" ? product(bench, fields, size) : attention(bench, fields, size);
  try {
    const { seconds, calls } = await measured(operation);
    return `${milliseconds(seconds)} ms a call, the mean of ${calls}: ${giga(flops / seconds)} GFLOP/s`;
  } finally {
    operation.dispose();
  }
}

interface Chosen {
  operation: Operation;
  /** Of a call. */
  flops: number;
}

function product(bench: Bench, fields: FormData, size: (name: string) => number): Chosen {
  const [rows, inputs, outputs] = [size("rows"), size("inputs"), size("outputs")];
  const operation: MatMul = bench.matmul({ rows, inputs, outputs, format: fields.get("weights") as MatrixFormat });
  return { operation, flops: 2 * rows * inputs * outputs };
}

function attention(bench: Bench, fields: FormData, size: (name: string) => number): Chosen {
  const [rows, slots, queryHeads] = [size("rows"), size("slots"), size("queryHeads")];
  const [keyHeads, headSize] = [size("keyHeads"), size("headSize")];
  const format = fields.get("arena") as "f32" | "q8";
  const operation = bench.attention({ rows, slots, queryHeads, keyHeads, headSize, format });
  return { operation, flops: 4 * rows * slots * queryHeads * headSize };
}

async function measured(operation: Operation): Promise<{ seconds: number; calls: number }> {
  // The first run compiles.
  operation.run();
  await operation.sync();
  for (let calls = 1; ; calls = Math.min(4 * calls, MOST_CALLS)) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) {
      operation.run();
    }
    await operation.sync();
    const taken = performance.now() - start;
    if (taken >= LONG || calls === MOST_CALLS) {
      return { seconds: taken / 1e3 / calls, calls };
    }
  }
}
