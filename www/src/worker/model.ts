import { StreamoError } from "../errors.js";
import { download, get, sha256, type PackedFile } from "./download.js";
import type { ModelPlace } from "./messages.js";
import { openStore, type Store } from "./store.js";

/** The files of a model by name, as the engine takes them: what is here, or the bytes of what is to come. */
export type ModelFiles = Map<string, Blob | number>;

/** A model's files, wherever they are. */
export interface ModelSource {
  /** What errors call it. */
  readonly place: string;
  /** Everything that describes the model, and of its weights at least how large they are. */
  describing(): Promise<ModelFiles>;
  /** Bytes of weights that are still to be fetched. */
  missing(): Promise<number>;
  /** All files: what describes the model, as it came, and its weights. `progress` is told how many bytes of how many are there. */
  all(describing: ModelFiles, progress: (loaded: number, total: number) => void): Promise<ModelFiles>;
  /** Forgets what was downloaded: some of it turned out to be damaged. Says whether there was anything to forget. */
  forget(): Promise<boolean>;
}

interface Manifest {
  files: PackedFile[];
  shards: PackedFile[];
}

const MANIFEST = "streamo-pack.json";

/** Where the model is that somebody named. */
export async function find(place: ModelPlace, cache: "default" | "reload" | "no-store"): Promise<ModelSource> {
  switch (place.kind) {
    case "files":
      return new LocalModel("the chosen files", place.files);
    case "folder":
      return new LocalModel(place.folder.name, await filesOf(place.folder));
    case "directory":
      return RemoteModel.open(place.url, (name) => new URL(name, place.url).href, cache);
    case "addresses":
      return RemoteModel.open(place.files[MANIFEST] ?? MANIFEST, (name) => place.files[name] ?? name, cache);
  }
}

async function filesOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = [];
  for await (const entry of folder.values()) {
    if (entry.kind === "file") {
      files.push(await (entry as FileSystemFileHandle).getFile());
    }
  }
  return files;
}

class LocalModel implements ModelSource {
  private readonly files: ModelFiles;

  constructor(
    readonly place: string,
    files: readonly File[],
  ) {
    this.files = new Map(files.map((file) => [file.name, file]));
  }

  async describing(): Promise<ModelFiles> {
    return this.files;
  }

  async missing(): Promise<number> {
    return 0;
  }

  async all(describing: ModelFiles, progress: (loaded: number, total: number) => void): Promise<ModelFiles> {
    progress(0, 0);
    return describing;
  }

  async forget(): Promise<boolean> {
    return false;
  }
}

class RemoteModel implements ModelSource {
  private constructor(
    readonly place: string,
    private readonly address: (name: string) => string,
    private readonly store: Store,
    private readonly manifestName: string,
    private manifest: Blob,
  ) {}

  static async open(
    place: string,
    address: (name: string) => string,
    cache: "default" | "reload" | "no-store",
  ): Promise<RemoteModel> {
    const store = await openStore(cache !== "no-store");
    const url = address(MANIFEST);
    const name = `${await nameOf(url)}.json`;
    const model = new RemoteModel(place, address, store, name, await store.read(name));
    if (cache !== "default" || model.manifest.size === 0) {
      await model.fetchManifest();
    }
    return model;
  }

  async describing(): Promise<ModelFiles> {
    const { files, shards } = await this.read();
    const found: ModelFiles = new Map([[MANIFEST, this.manifest]]);
    for (const file of files) {
      await download(this.store, file, this.address(file.name), () => undefined);
      found.set(file.name, await this.store.read(file.sha256));
    }
    shards.forEach((shard) => found.set(shard.name, shard.bytes));
    return found;
  }

  async all(describing: ModelFiles, progress: (loaded: number, total: number) => void): Promise<ModelFiles> {
    const { shards } = await this.read();
    const total = shards.reduce((sum, shard) => sum + shard.bytes, 0);
    await this.checkRoom();
    const found: ModelFiles = new Map(describing);
    let [before, most] = [0, 0];
    for (const shard of shards) {
      await download(this.store, shard, this.address(shard.name), (bytes) => {
        // A file that has to be fetched anew takes nothing back.
        most = Math.max(most, before + bytes);
        progress(most, total);
      });
      before += shard.bytes;
      found.set(shard.name, await this.store.read(shard.sha256));
    }
    progress(total, total);
    return found;
  }

  async forget(): Promise<boolean> {
    const { files, shards } = await this.read();
    for (const { sha256 } of [...files, ...shards]) {
      await this.store.remove(sha256);
    }
    await this.fetchManifest();
    return true;
  }

  private async read(): Promise<Manifest> {
    try {
      const { files, shards } = JSON.parse(await this.manifest.text()) as Manifest;
      // Whatever else may be wrong with it, the engine finds.
      [...files, ...shards].forEach(({ name, bytes, sha256 }) => {
        if (typeof name !== "string" || !(bytes >= 0) || !/^[0-9a-f]{64}$/.test(sha256)) {
          throw new TypeError(`${name} is described wrongly`);
        }
      });
      return { files, shards };
    } catch (cause) {
      await this.store.remove(this.manifestName);
      throw new StreamoError("model-corrupt", `${this.address(MANIFEST)} is no manifest of a pack`, { cause });
    }
  }

  private async fetchManifest(): Promise<void> {
    const response = await get(this.address(MANIFEST), { cache: "no-cache" });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const kept = await this.store.append(this.manifestName);
    try {
      kept.clear();
      kept.write(bytes);
    } finally {
      kept.close();
    }
    this.manifest = new Blob([bytes]);
  }

  async missing(): Promise<number> {
    let missing = 0;
    for (const shard of (await this.read()).shards) {
      missing += shard.bytes - Math.min(shard.bytes, await this.store.size(shard.sha256));
    }
    return missing;
  }

  /** That the browser will keep what is still to come: found out before, not after an hour of downloading. */
  private async checkRoom(): Promise<void> {
    const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    const missing = await this.missing();
    if (missing > quota - usage) {
      const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
      const message = `the model needs ${megabytes(missing)} and the browser keeps ${megabytes(Math.max(0, quota - usage))} more`;
      throw new StreamoError("quota-exceeded", message);
    }
  }
}

async function nameOf(url: string): Promise<string> {
  const bytes = new TextEncoder().encode(url);
  // Outside of secure contexts there is neither a hash nor a disk that the name could be for.
  return globalThis.crypto?.subtle ? sha256(bytes) : "manifest";
}
