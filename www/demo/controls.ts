import type { State } from "streamo-wgpu";
import { showTrouble } from "./banners.js";
import { made, part } from "./elements.js";
import { camerasToChoose, type CameraChoice, type Choice, type Viewfinder } from "./source.js";
import type { Phase } from "./stage.js";
import { notVideo, OVERLAY, STATE_WORDS } from "./words.js";

/** What the visitor can do with the stream. */
export interface Acts {
  start(choice: Choice): void;
  cancel(): void;
  pause(): void;
  resume(): void;
  stop(): void;
  mute(on: boolean): void;
  turn(choice: CameraChoice): void;
}

const title = part("overlay-title", HTMLParagraphElement);
const pause = part("pause", HTMLButtonElement);
const mute = part("mute", HTMLButtonElement);
const repeat = part("repeat", HTMLButtonElement);
const flip = part("flip", HTMLButtonElement);
const cameraChoice = part("camera-choice", HTMLLabelElement);
const camera = part("camera", HTMLSelectElement);
const file = part("file", HTMLInputElement);
const lamp = part("lamp", HTMLParagraphElement);
const lampWord = part("lamp-word", HTMLSpanElement);

/** The buttons on and under the viewfinder, and files that are dropped. */
export class Controls {
  #phase: Phase = "idle";

  constructor(
    private readonly viewfinder: Viewfinder,
    private readonly acts: Acts,
  ) {
    const on = (id: string, act: () => void): void => part(id, HTMLButtonElement).addEventListener("click", act);
    on("start-clip", () => acts.start({ kind: "clip" }));
    on("start-camera", () => acts.start({ kind: "camera" }));
    on("start-file", () => file.click());
    on("cancel", acts.cancel);
    on("pause", () => (this.#phase === "paused" ? acts.resume() : acts.pause()));
    on("stop", acts.stop);
    on("mute", () => this.#mute(mute.ariaPressed !== "true"));
    on("repeat", () => this.#repeat(!viewfinder.repeat));
    on("flip", () => acts.turn({ kind: "camera", facing: viewfinder.facing === "user" ? "environment" : "user" }));
    camera.addEventListener("change", () => acts.turn({ kind: "camera", device: camera.value }));
    file.addEventListener("change", () => {
      this.#openFile(file.files?.[0]);
      file.value = "";
    });
    this.#acceptDrops();
  }

  show(phase: Phase): void {
    this.#phase = phase;
    title.textContent = OVERLAY[phase];
    pause.textContent = phase === "paused" ? "Go on" : "Pause";
    if (phase === "loading") {
      this.lamp(null);
      mute.ariaPressed = "false";
    }
    flip.disabled = camera.disabled = phase === "paused";
    if (phase === "paused") lampWord.textContent = "Paused";
    if (phase === "watching") {
      const filmed = this.viewfinder.choice?.kind === "camera";
      repeat.hidden = filmed;
      this.#repeat(this.viewfinder.repeat);
      void this.cameras();
    }
  }

  title(words: string): void {
    title.textContent = words;
  }

  /** The state of the newest second, over the picture. */
  lamp(state: State | null): void {
    lamp.dataset.state = state ?? "none";
    if (this.#phase !== "paused") lampWord.textContent = state ? STATE_WORDS[state] : "Watching";
  }

  /** Offers the cameras to choose from, if a camera is watched and there are several. */
  async cameras(): Promise<void> {
    const filmed = this.viewfinder.choice?.kind === "camera";
    const cameras = filmed ? await camerasToChoose() : [];
    cameraChoice.hidden = cameras.length === 0;
    flip.hidden = new Set(cameras.flatMap(({ facing }) => facing ?? [])).size < 2;
    camera.replaceChildren(
      ...cameras.map(({ id, label }, i) => {
        const option = made("option", "", label || `Camera ${i + 1}`);
        option.value = id;
        return option;
      }),
    );
    if (this.viewfinder.device) camera.value = this.viewfinder.device;
  }

  #mute(on: boolean): void {
    mute.ariaPressed = String(on);
    this.acts.mute(on);
  }

  #repeat(on: boolean): void {
    this.viewfinder.repeat = on;
    repeat.ariaPressed = String(on);
  }

  #openFile(chosen: File | undefined): void {
    if (!chosen) return;
    // some systems know no type for a file: then the browser finds out by trying
    if (chosen.type && !chosen.type.startsWith("video/")) showTrouble(notVideo(chosen.name));
    else this.acts.start({ kind: "file", file: chosen });
  }

  #acceptDrops(): void {
    const carriesFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragover", (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      if (!carriesFile(event)) return;
      event.preventDefault();
      this.#openFile(event.dataTransfer!.files[0]);
    });
  }
}
