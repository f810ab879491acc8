import { Streamo, type DeviceKind, type ModelSource, type Progress } from "streamo-wgpu";

/** Which model, and where it runs. */
export interface Wanted {
  /** `null`: the one that comes with the package. */
  model: ModelSource | null;
  device: "auto" | DeviceKind;
  /** For the page's head. */
  name: string;
}

/** Holds the model that is wanted: loaded once, whatever is watched with it. */
export class Loader {
  #wanted: Wanted = { model: null, device: "auto", name: "bundled" };
  #loading: Promise<Streamo> | null = null;
  #stop = new AbortController();

  constructor(private readonly progress: (progress: Progress) => void) {}

  want(wanted: Wanted): void {
    this.drop();
    this.#wanted = wanted;
  }

  /** The same model, on the processor. */
  onProcessor(): void {
    this.want({ ...this.#wanted, device: "cpu" });
  }

  /** The model; the same promise until it fails or is dropped. */
  load(): Promise<Streamo> {
    if (this.#loading) return this.#loading;
    const stop = (this.#stop = new AbortController());
    const { model, device } = this.#wanted;
    const loading = Streamo.load({ ...(model ? { model } : {}), device, signal: stop.signal, onProgress: this.progress });
    this.#loading = loading;
    loading.catch(() => {
      if (this.#loading === loading) this.#loading = null;
    });
    return loading;
  }

  /** Gives up loading, or lets the loaded model go. */
  drop(): void {
    this.#stop.abort();
    this.#loading?.then(
      (streamo) => streamo.dispose(),
      () => undefined, // whoever waits for it hears why
    );
    this.#loading = null;
  }
}
