import type { DeviceKind, ModelSource, Probe } from "streamo-wgpu";
import { part } from "./elements.js";
import type { Wanted } from "./loader.js";
import { bytesWords } from "./words.js";

declare global {
  interface Window {
    /** Not everywhere; where it is missing a plain file input serves. */
    showDirectoryPicker?: (options?: { id?: string; mode?: "read" }) => Promise<FileSystemDirectoryHandle>;
  }
}

const dialog = part("model", HTMLDialogElement);
const form = part("model-form", HTMLFormElement);
const address = part("model-url", HTMLInputElement);
const files = part("model-files", HTMLInputElement);
const folderName = part("model-folder-name", HTMLSpanElement);
const device = part("model-device", HTMLSelectElement);
const wrong = part("model-wrong", HTMLParagraphElement);
const head = part("model-name", HTMLSpanElement);

/** Bundled, from an address, or from this device; and where it runs. */
export class ModelPicker {
  #folder: { source: ModelSource; name: string } | null = null;

  constructor(private readonly picked: (wanted: Wanted) => void) {
    part("model-open", HTMLButtonElement).addEventListener("click", () => {
      wrong.textContent = "";
      dialog.showModal();
    });
    part("model-cancel", HTMLButtonElement).addEventListener("click", () => dialog.close());
    part("model-folder", HTMLButtonElement).addEventListener("click", () => void this.#chooseFolder());
    files.addEventListener("change", () => {
      const [first] = files.files ?? [];
      if (first) this.#foundFolder([...files.files!], first.webkitRelativePath.split("/")[0] || `${files.files!.length} files`);
    });
    form.addEventListener("change", () => this.#showKind());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#showKind();
  }

  onProcessor(): void {
    device.value = "cpu";
  }

  /** What the browser's storage has left. */
  probed({ storage: { quota, usage } }: Probe): void {
    if (quota === null) return;
    part("model-storage", HTMLParagraphElement).textContent =
      `This page keeps ${bytesWords(usage ?? 0)} on this device, and may keep ${bytesWords(quota)}.`;
  }

  get #kind(): string {
    return String(new FormData(form).get("model"));
  }

  #showKind(): void {
    for (const under of form.querySelectorAll<HTMLElement>(".under")) under.hidden = under.dataset.of !== this.#kind;
    wrong.textContent = "";
  }

  async #chooseFolder(): Promise<void> {
    if (!window.showDirectoryPicker) {
      // phones choose files, not folders
      files.toggleAttribute("webkitdirectory", matchMedia("(pointer: fine)").matches);
      files.click();
      return;
    }
    try {
      const folder = await window.showDirectoryPicker({ id: "streamo-model", mode: "read" });
      this.#foundFolder(folder, folder.name);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) wrong.textContent = "The browser does not open this folder. Choose another one.";
    }
  }

  #foundFolder(source: ModelSource, name: string): void {
    this.#folder = { source, name };
    folderName.textContent = name;
    wrong.textContent = "";
  }

  #submit(): void {
    const found = this.#found();
    if (typeof found === "string") {
      wrong.textContent = found;
      return;
    }
    dialog.close();
    head.textContent = found.name;
    this.picked({ ...found, device: device.value as "auto" | DeviceKind });
  }

  /** The model, or what is wrong with the choice. */
  #found(): { model: ModelSource | null; name: string } | string {
    if (this.#kind === "bundled") return { model: null, name: "bundled" };
    if (this.#kind === "folder") {
      return this.#folder ? { model: this.#folder.source, name: this.#folder.name } : "Choose a folder first.";
    }
    const typed = address.value.trim();
    if (!URL.canParse(typed)) return "This is no address: it should look like https://example.org/streamo-pack/.";
    const url = new URL(typed);
    if (url.protocol !== "https:" && url.origin !== location.origin) return "This page fetches models from https addresses only.";
    return { model: url.href, name: url.pathname.split("/").filter(Boolean).at(-1) ?? url.host };
  }
}
