import { StreamoError, type ErrorCode } from "./errors.js";

/** What can be told of anything that was thrown; after what is `fatal`, nothing can be asked of the engine. */
export function explain(error: unknown): { code: ErrorCode; message: string; fatal: boolean } {
  if (error instanceof StreamoError) {
    return { code: error.code, message: error.message, fatal: false };
  }
  if (error instanceof WebAssembly.CompileError) {
    const message = `the engine cannot be compiled; a Content-Security-Policy must allow 'wasm-unsafe-eval': ${error.message}`;
    return { code: "invalid", message, fatal: false };
  }
  // The module has panicked or run out of its memory: nothing can be asked of it any more.
  if (error instanceof WebAssembly.RuntimeError) {
    return { code: "internal", message: `the engine failed: ${error.message}`, fatal: true };
  }
  if (error instanceof DOMException && error.name === "QuotaExceededError") {
    return { code: "quota-exceeded", message: "the browser keeps no more of the model", fatal: false };
  }
  if (error instanceof RangeError) {
    return { code: "out-of-memory", message: error.message, fatal: true };
  }
  if (error instanceof Error) {
    // The engine's own errors have a code for a name.
    const known = error.name.match(/^[a-z]+(-[a-z]+)*$/) !== null;
    return { code: known ? (error.name as ErrorCode) : "internal", message: error.message, fatal: false };
  }
  return { code: "internal", message: String(error), fatal: false };
}

/** The same as an error of this package. */
export function typed(error: unknown): StreamoError {
  const { code, message } = explain(error);
  return error instanceof StreamoError ? error : new StreamoError(code, message, { cause: error });
}
