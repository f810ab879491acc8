import { listCameras, openCamera, type Camera } from "streamo-wgpu/camera";
import { part } from "./elements.js";
import { cameraLost, noClip, unplayable, type Trouble } from "./words.js";

/** What can be put before the model. */
export type Choice = { kind: "clip" } | { kind: "file"; file: File } | CameraChoice;
export type CameraChoice = { kind: "camera"; device?: string; facing?: "user" | "environment" };

const CLIP = "clip.webm";

/**
 * The viewfinder: one `<video>` which plays the clip, a file or a camera. The model always watches the element, so a
 * camera can be let go while paused, and turned, under a session that goes on.
 */
export class Viewfinder {
  readonly video = part("video", HTMLVideoElement);
  readonly #still = part("still", HTMLCanvasElement);
  readonly #screen = part("screen", HTMLDivElement);
  readonly #credit = part("credit", HTMLParagraphElement);
  #choice: Choice | null = null;
  #camera: Camera | null = null;
  #url: string | null = null;

  constructor(private readonly lost: (trouble: Trouble) => void) {
    this.video.src = CLIP;
    this.video.addEventListener("resize", () => this.#fit());
  }

  get choice(): Choice | null {
    return this.#choice;
  }

  /** Whether there is a picture to watch. */
  get live(): boolean {
    return this.#choice?.kind === "camera" ? this.#camera !== null : this.#choice !== null;
  }

  get repeat(): boolean {
    return this.video.loop;
  }

  set repeat(on: boolean) {
    this.video.loop = on;
  }

  /** Which way the camera looks, where it says so. */
  get facing(): string | null {
    return this.#camera?.stream.getVideoTracks()[0]?.getSettings().facingMode ?? null;
  }

  get device(): string | null {
    return this.#camera?.stream.getVideoTracks()[0]?.getSettings().deviceId ?? null;
  }

  /** Makes ready to play; the first frame stands still until {@link play}. */
  async open(choice: Choice, signal: AbortSignal): Promise<void> {
    this.close();
    this.#choice = choice;
    if (choice.kind === "camera") return this.#openCamera(choice, signal);
    this.#prepare(choice.kind, false);
    this.video.loop = choice.kind === "clip";
    if (choice.kind === "file") this.#url = URL.createObjectURL(choice.file);
    const trouble = choice.kind === "file" ? unplayable(choice.file.name) : noClip();
    await this.#attach(() => (this.video.src = this.#url ?? CLIP), trouble, signal);
  }

  async play(): Promise<void> {
    await this.video.play();
    this.#still.hidden = true;
  }

  /** Lets the camera go, its light too; the last picture stays in view. */
  hold(): void {
    this.video.pause();
    if (!this.#camera) return;
    this.#freeze();
    this.#release();
  }

  /** Goes on with the same camera, or where the video stood. */
  async goOn(signal: AbortSignal): Promise<void> {
    if (this.#choice?.kind === "camera" && !this.#camera) await this.#openCamera(this.#choice, signal);
    await this.play();
  }

  /** Looks through another camera. The one before is let go first: some phones open only one. */
  async turnTo(choice: CameraChoice, signal: AbortSignal): Promise<void> {
    const before = this.#choice;
    this.#freeze();
    this.#release();
    try {
      await this.#openCamera(choice, signal);
    } catch (error) {
      if (before?.kind === "camera") await this.#openCamera(before, signal);
      throw error;
    } finally {
      if (this.#camera) await this.play();
    }
  }

  close(): void {
    this.hold();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = null;
  }

  async #openCamera(choice: CameraChoice, signal: AbortSignal): Promise<void> {
    const { device, facing } = choice;
    // no facing asked: phones then give the back camera if it is asked for first, and desktops what they have
    const camera = await openCamera({ ...(device ? { device } : { facing: facing ?? "environment" }), width: 640, height: 360, signal });
    if (signal.aborted) {
      camera.stop();
      throw signal.reason;
    }
    this.#camera = camera;
    this.#choice = choice;
    for (const track of camera.stream.getTracks()) track.addEventListener("ended", () => this.#cameraEnded(camera));
    this.#prepare("camera", this.facing !== "environment");
    // else the clip would come back whenever the camera is let go
    this.video.removeAttribute("src");
    await this.#attach(() => (this.video.srcObject = camera.stream), cameraLost(), signal);
  }

  /** Mirrored is only what the visitor sees: the model sees the world as it is. */
  #prepare(kind: Choice["kind"], mirrored: boolean): void {
    this.video.removeAttribute("poster");
    this.#credit.hidden = kind !== "clip";
    for (const picture of [this.video, this.#still]) picture.classList.toggle("mirrored", mirrored);
  }

  #cameraEnded(camera: Camera): void {
    if (camera !== this.#camera) return;
    this.#freeze();
    this.#release();
    this.lost(cameraLost());
  }

  /** Waits for the first picture. */
  async #attach(set: () => void, trouble: Trouble, signal: AbortSignal): Promise<void> {
    await new Promise<void>((done, failed) => {
      const once = { once: true, signal };
      this.video.addEventListener("loadeddata", () => done(), once);
      this.video.addEventListener("error", () => failed(trouble), once);
      signal.addEventListener("abort", () => failed(signal.reason), { once: true });
      set();
    });
    this.#still.hidden = true;
  }

  /** A phone that is held upright films upright. */
  #fit(): void {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth) this.#screen.classList.toggle("tall", videoHeight > videoWidth);
  }

  #freeze(): void {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return;
    this.#still.width = videoWidth;
    this.#still.height = videoHeight;
    this.#still.getContext("2d")!.drawImage(this.video, 0, 0);
    this.#still.hidden = false;
  }

  #release(): void {
    const camera = this.#camera;
    this.#camera = null;
    // first out of the element: a stream that stops inside it counts as a video that has ended
    this.video.srcObject = null;
    camera?.stop();
  }
}

/** The cameras, for a choice; none where there is none to choose. */
export async function camerasToChoose(): Promise<Awaited<ReturnType<typeof listCameras>>> {
  try {
    const cameras = await listCameras();
    return cameras.length > 1 ? cameras : [];
  } catch {
    return []; // the camera that runs goes on
  }
}
