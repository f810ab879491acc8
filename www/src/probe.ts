import { measure, type Speed } from "./speed.js";

/** What this device can do, as far as it can be told without downloading anything. */
export interface Probe {
  /** Whether there is a WebGPU adapter. */
  webgpu: boolean;
  /** In plain words. */
  reason: string;
  /** Whether the CPU plays the GPU. */
  software: boolean;
  /** What the adapter calls itself, as far as the browser tells. */
  name: string;
  /** Whether it computes in f16. */
  f16: boolean;
  /** Bytes of one tensor at most. */
  largestTensor: number | null;
  /** How fast the adapter is; `null` where there is none, or it could not be measured. */
  speed: Speed | null;
  /** Bytes that the browser keeps for this site; `null` where it does not say. */
  storage: { quota: number | null; usage: number | null };
}

/** Looks at the device, and measures it for a moment. It never fails: what cannot be had is said. */
export async function probe(): Promise<Probe> {
  const { adapter, ...seen } = await look();
  return { ...seen, speed: adapter && (await measure(adapter)) };
}

/** What is to be seen without measuring, and the adapter, where there is one. */
export async function look(): Promise<Omit<Probe, "speed"> & { adapter: GPUAdapter | null }> {
  const { quota = null, usage = null } = (await globalThis.navigator?.storage?.estimate?.().catch(() => null)) ?? {};
  const nothing = { webgpu: false, software: false, name: "", f16: false, largestTensor: null, adapter: null, storage: { quota, usage } };
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (typeof Worker === "undefined") {
    return { ...nothing, reason: "Models run in browsers only." };
  }
  if (!gpu) {
    const insecure = globalThis.isSecureContext === false;
    const reason = insecure ? "WebGPU needs https, or localhost" : "This browser has no WebGPU";
    return { ...nothing, reason: `${reason}; small models run on the CPU.` };
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) {
    return { ...nothing, reason: "The browser has WebGPU, and no GPU for it; small models run on the CPU." };
  }
  const { info, features, limits } = adapter;
  // Where older browsers have it.
  const { isFallbackAdapter = false } = adapter as { isFallbackAdapter?: boolean };
  const software = info?.isFallbackAdapter ?? isFallbackAdapter;
  return {
    webgpu: true,
    reason: software ? "The only adapter is the CPU playing a GPU; small models run on the CPU itself." : "There is a GPU.",
    software,
    name: [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(" "),
    f16: features.has("shader-f16"),
    largestTensor: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    adapter,
    storage: { quota, usage },
  };
}
