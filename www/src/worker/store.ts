/** Where downloaded files stay, each under the SHA-256 of what it should hold. One that is shorter is on its way. */
export interface Store {
  /** Bytes of a file that are there; 0 where there is none. */
  size(name: string): Promise<number>;
  /** Opens a file to go on at its end. */
  append(name: string): Promise<Appender>;
  /** A file as it stands. */
  read(name: string): Promise<Blob>;
  /** Forgets a file, if it is there. */
  remove(name: string): Promise<void>;
}

/** A file that grows. What was written is kept however it ends. */
export interface Appender {
  /** Bytes that are there. */
  readonly size: number;
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Begins anew. */
  clear(): void;
  close(): void;
}

const FOLDER = "streamo-wgpu";

/** The browser's own disk for this site, or memory where it has none, as in some private windows. */
export async function openStore(keep: boolean): Promise<Store> {
  if (!keep) {
    return new MemoryStore();
  }
  try {
    const root = await navigator.storage.getDirectory();
    return new DiskStore(await root.getDirectoryHandle(FOLDER, { create: true }));
  } catch {
    return new MemoryStore();
  }
}

class DiskStore implements Store {
  constructor(private readonly folder: FileSystemDirectoryHandle) {}

  async size(name: string): Promise<number> {
    return (await this.read(name)).size;
  }

  async append(name: string): Promise<Appender> {
    const file = await this.folder.getFileHandle(name, { create: true });
    return new DiskAppender(await file.createSyncAccessHandle());
  }

  async read(name: string): Promise<Blob> {
    try {
      return await (await this.folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotFoundError") {
        return new Blob();
      }
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await this.folder.removeEntry(name).catch(() => undefined);
  }
}

class DiskAppender implements Appender {
  size: number;

  constructor(private readonly file: FileSystemSyncAccessHandle) {
    this.size = file.getSize();
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    const written = this.file.write(bytes, { at: this.size });
    // A full disk takes a part only, or none; Chromium 156 then says that 2³² − 8 were written.
    if (written !== bytes.length) {
      this.size = this.file.getSize();
      throw new DOMException("the disk is full", "QuotaExceededError");
    }
    this.size += written;
  }

  clear(): void {
    this.file.truncate(0);
    this.size = 0;
  }

  close(): void {
    this.file.flush();
    this.file.close();
  }
}

class MemoryStore implements Store {
  private readonly files = new Map<string, Blob>();

  async size(name: string): Promise<number> {
    return (await this.read(name)).size;
  }

  async append(name: string): Promise<Appender> {
    return new MemoryAppender(await this.read(name), (blob) => this.files.set(name, blob));
  }

  async read(name: string): Promise<Blob> {
    return this.files.get(name) ?? new Blob();
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}

class MemoryAppender implements Appender {
  size: number;
  private parts: BlobPart[];

  constructor(
    there: Blob,
    private readonly keep: (blob: Blob) => void,
  ) {
    this.size = there.size;
    this.parts = [there];
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    this.parts.push(bytes);
    this.size += bytes.length;
  }

  clear(): void {
    this.parts = [];
    this.size = 0;
  }

  close(): void {
    this.keep(new Blob(this.parts));
  }
}
