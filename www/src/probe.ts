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
  /** Bytes that the browser keeps for this site; `null` where it does not say. */
  storage: { quota: number | null; usage: number | null };
}

/** Looks at the device. It never fails: what cannot be had is said. */
export async function probe(): Promise<Probe> {
  const { quota = null, usage = null } = (await globalThis.navigator?.storage?.estimate?.().catch(() => null)) ?? {};
  const nothing = { webgpu: false, software: false, name: "", f16: false, largestTensor: null, storage: { quota, usage } };
  const gpu = (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
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
  const software = info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return {
    webgpu: true,
    reason: software ? "The only adapter is the CPU playing a GPU; small models run on the CPU itself." : "There is a GPU.",
    software,
    name: [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(" "),
    f16: features.has("shader-f16"),
    largestTensor: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    storage: { quota, usage },
  };
}

/** Of WebGPU, what is looked at here. */
interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info?: { vendor: string; architecture: string; description: string; isFallbackAdapter?: boolean };
  /** Where it stood before it was a part of the info. */
  readonly isFallbackAdapter?: boolean;
  readonly features: ReadonlySet<string>;
  readonly limits: { maxStorageBufferBindingSize: number; maxBufferSize: number };
}
