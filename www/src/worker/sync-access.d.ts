// TypeScript has these for workers only, and the package's other types need a page's.

interface FileSystemSyncAccessHandle {
  getSize(): number;
  write(bytes: BufferSource, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface FileSystemFileHandle {
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
}
