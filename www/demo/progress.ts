import type { Progress } from "streamo-wgpu";
import { part } from "./elements.js";
import { bytesWords, stageWords } from "./words.js";

const stage = part("progress-stage", HTMLParagraphElement);
const bar = part("progress", HTMLProgressElement);
const bytes = part("progress-bytes", HTMLParagraphElement);

export function showProgress(progress: Progress): void {
  stage.textContent = stageWords(progress);
  if (progress.total > 0) {
    bar.max = progress.total;
    bar.value = progress.loaded;
  } else {
    bar.removeAttribute("value");
  }
  bytes.textContent = progress.stage === "ready" ? "" : amount(progress);
}

/** Waits for something that has no measure. */
export function showWaiting(words: string): void {
  stage.textContent = words;
  bar.removeAttribute("value");
  bytes.textContent = "";
}

function amount({ loaded, total }: Progress): string {
  if (total > 0) return `${bytesWords(loaded)} of ${bytesWords(total)}`;
  return loaded > 0 ? bytesWords(loaded) : "";
}
