import type { Feed, Taken } from "./feed.js";

/** A frame on its way to the model. */
export interface Paced extends Taken {
  round: number;
  /** As `Date.now()` tells it. */
  takenAt: number;
}

/** Milliseconds after which to look again at a feed that has no picture, or stands still. */
const LOOK_AGAIN = 50;
/** Milliseconds to sleep at most: a video may be wound forward meanwhile. */
const NAP = 500;

/**
 * Takes one frame a round off a feed, at the round's beginning, and hands on the newest: what comes while `watch` is busy
 * takes the place of what waited.
 */
export class Pacer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private taken = -1;
  private waiting: Paced | null = null;
  /** While frames are being watched. */
  private handing: Promise<unknown> | null = null;
  private looking = false;
  private running = true;
  private over = false;

  constructor(
    private readonly feed: Feed,
    private readonly fps: number,
    private readonly watch: (frame: Paced) => Promise<void>,
    private readonly fail: (error: unknown) => void,
  ) {
    this.look();
  }

  /** Whether frames are taken; while they are not, rounds pass unseen. */
  set takes(takes: boolean) {
    this.running = takes;
    this.look();
  }

  /** The round that the feed is in. */
  private get round(): number {
    // A hair more, since a video that stands at 3 s may say 2.9999.
    return Math.floor(this.feed.seconds() * this.fps + 1e-3);
  }

  /** Takes no more frames; resolves when those that were taken are watched. */
  async drain(): Promise<void> {
    this.takes = false;
    while (this.handing) {
      await this.handing;
    }
  }

  close(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.waiting?.image.close();
    this.waiting = null;
  }

  private look(): void {
    clearTimeout(this.timer);
    if (this.looking || this.over || !this.running) {
      return;
    }
    this.looking = true;
    this.take().then(
      (wait) => {
        this.looking = false;
        this.timer = setTimeout(() => this.look(), wait);
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** Takes a frame if one is due, and says after how many milliseconds to look again. */
  private async take(): Promise<number> {
    const round = this.round;
    if (round > this.taken) {
      const before = this.taken;
      this.taken = round;
      const takenAt = Date.now();
      const taken = await this.feed.take();
      if (!taken) {
        this.taken = before;
        return LOOK_AGAIN;
      }
      if (this.over || !this.running) {
        taken.image.close();
        return NAP;
      }
      this.waiting?.image.close();
      this.waiting = { ...taken, round, takenAt };
      this.handing ??= this.hand().finally(() => (this.handing = null));
    }
    const due = ((this.taken + 1) / this.fps - this.feed.seconds()) * this.feed.pace * 1000;
    return Math.min(Math.max(due, 1), NAP);
  }

  private async hand(): Promise<void> {
    while (this.waiting && !this.over) {
      const frame = this.waiting;
      this.waiting = null;
      try {
        await this.watch(frame);
      } catch (error) {
        this.fail(error);
      }
    }
  }
}
