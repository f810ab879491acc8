/** How often a picture is kept, until the round is known that it belongs to. */
const EVERY_MS = 500;
const WAITING = 40;
const WIDTH = 192;
/** Rounds that keep theirs: about an hour, about 15 MB. */
const KEPT = 3600;

interface Picture {
  takenAt: number;
  jpeg: Blob;
}

/** Small pictures of what was seen, a second each: kept in memory, for looking back, and gone with the page. */
export class Seen {
  #waiting: Picture[] = [];
  readonly #kept = new Map<number, Blob>();
  readonly #canvas = document.createElement("canvas");
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly video: HTMLVideoElement) {}

  begin(): void {
    this.end();
    this.#waiting = [];
    this.#kept.clear();
    this.#timer = setInterval(() => this.#take(), EVERY_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Gives a round the picture nearest to its frame. */
  keep(round: number, takenAt: number): void {
    const far = (picture: Picture): number => Math.abs(picture.takenAt - takenAt);
    let nearest = this.#waiting[0];
    for (const picture of this.#waiting) if (far(picture) < far(nearest!)) nearest = picture;
    if (!nearest || far(nearest) > EVERY_MS) return;
    this.#kept.set(round, nearest.jpeg);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }

  picture(round: number): Blob | undefined {
    return this.#kept.get(round);
  }

  #take(): void {
    const { videoWidth, videoHeight, paused } = this.video;
    if (!videoWidth || paused) return;
    const takenAt = Date.now();
    this.#canvas.width = WIDTH;
    this.#canvas.height = Math.round((WIDTH * videoHeight) / videoWidth);
    this.#canvas.getContext("2d")!.drawImage(this.video, 0, 0, this.#canvas.width, this.#canvas.height);
    this.#canvas.toBlob(
      (jpeg) => {
        if (!jpeg) return;
        this.#waiting.push({ takenAt, jpeg });
        if (this.#waiting.length > WAITING) this.#waiting.shift();
      },
      "image/jpeg",
      0.6,
    );
  }
}
