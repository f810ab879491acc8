import { StreamoError } from "./errors.js";
import type { Source, TimedFrame } from "./types.js";

/** A picture that was taken from a feed. */
export interface Taken {
  image: ImageBitmap;
  /** Where the video stood, in its own seconds; `null` where it has none. */
  mediaTime: number | null;
}

/** What a feed tells. */
export interface FeedListener {
  /** No pictures come for now, or they come again. */
  running(running: boolean): void;
  /** It is over: because it came to its end, or because of what went wrong. */
  ended(error?: StreamoError): void;
}

/** Pictures that pass whether or not somebody looks. */
export interface Feed {
  /** Seconds since its first picture; it never goes back. */
  seconds(): number;
  /** Seconds of a clock for one second of the feed. */
  readonly pace: number;
  /** The picture that is there now; `null` where there is none yet. */
  take(): Promise<Taken | null>;
  close(): void;
}

/** Whether a source gives its frames one by one, to whoever asks. */
export function isFrames(source: Source): source is AsyncIterable<TimedFrame> {
  return Symbol.asyncIterator in source;
}

/** Begins to follow a source. */
export function open(source: HTMLVideoElement | MediaStream | MediaStreamTrack, listener: FeedListener): Feed {
  if (source instanceof HTMLVideoElement) {
    return new VideoFeed(source, listener, () => undefined);
  }
  const stream = source instanceof MediaStream ? source : new MediaStream([source]);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  // Refused only where a page may play nothing at all; then no pictures come, and the track tells when it ends.
  video.play().catch(() => undefined);
  return new VideoFeed(video, listener, () => {
    video.pause();
    video.srcObject = null;
  });
}

/** Seconds by which the picture of a video may lie behind the time that it tells. */
const LAG = 0.25;

/** Whatever a `<video>` plays: a file goes by its own time, a camera by the time of the world. */
class VideoFeed implements Feed {
  private readonly over = new AbortController();
  /** The camera that the video shows, if it shows one. */
  private live: MediaStream | null = null;
  /** When the first picture came, in seconds of whatever clock counts. */
  private first: number | null = null;
  /** What a video that was wound back has been through before. */
  private before = 0;
  private last = 0;
  /** The time of the picture that is shown, as far as the browser tells. */
  private shown = -Infinity;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly listener: FeedListener,
    private readonly leave: () => void,
  ) {
    const { signal } = this.over;
    const on = (name: string, listen: () => void): void => video.addEventListener(name, listen, { signal });
    let running = true;
    const runs = (now: boolean): void => {
      if (now !== running) {
        running = now;
        listener.running(now);
      }
    };
    on("pause", () => !video.ended && runs(false));
    on("playing", () => runs(true));
    // A camera has no end of its own.
    on("ended", () => listener.ended(this.live ? this.lost() : undefined));
    on("error", () => listener.ended(unplayable(video)));
    // A camera may be turned off for a while and on again, or another be shown.
    on("loadedmetadata", () => this.meet());
    this.meet();
    this.follow();
  }

  get pace(): number {
    return this.live ? 1 : 1 / (this.video.playbackRate || 1);
  }

  seconds(): number {
    if (this.first === null) {
      return 0;
    }
    if (this.live) {
      return performance.now() / 1000 - this.first;
    }
    const now = this.mediaTime();
    if (now < this.last) {
      this.before += this.last - now;
    }
    this.last = now;
    return this.before + now - this.first;
  }

  async take(): Promise<Taken | null> {
    const { video } = this;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) {
      return null;
    }
    if (this.first === null) {
      this.last = this.mediaTime();
      this.first = this.live ? performance.now() / 1000 : this.last;
    }
    const mediaTime = this.live ? null : this.mediaTime();
    try {
      return { image: await createImageBitmap(video, AS_IT_IS), mediaTime };
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === "SecurityError") {
        const message = "the video is from another site, which does not let its pictures be read";
        throw new StreamoError("invalid", message, { cause, hint: "Serve it with CORS, and set crossOrigin on the <video>." });
      }
      // Between two sizes, or two sources, there may be no picture for a moment.
      return null;
    }
  }

  close(): void {
    this.over.abort();
    this.leave();
  }

  /** The time of the picture that is there, in the video's own seconds. */
  private mediaTime(): number {
    const { currentTime } = this.video;
    // Of a hidden page, and of pictures that stay for long, no news come; after winding back what came does not count.
    return Math.max(0, this.shown <= currentTime + LAG ? this.shown : 0, currentTime - LAG);
  }

  /** Takes note of what the video shows now. */
  private meet(): void {
    const shown = this.video.srcObject instanceof MediaStream ? this.video.srcObject : null;
    if (!shown || shown === this.live) {
      return;
    }
    this.live = shown;
    const lost = (): void => {
      if (this.video.srcObject === shown && !this.over.signal.aborted) {
        this.listener.ended(this.lost());
      }
    };
    const track = shown.getVideoTracks()[0];
    track?.addEventListener("ended", lost, { signal: this.over.signal });
    if (track?.readyState !== "live") {
      queueMicrotask(lost);
    }
  }

  private follow(): void {
    this.video.requestVideoFrameCallback?.((_, { mediaTime }) => {
      this.shown = mediaTime;
      if (!this.over.signal.aborted) {
        this.follow();
      }
    });
  }

  private lost(): StreamoError {
    const label = this.live?.getVideoTracks()[0]?.label;
    return new StreamoError("camera-lost", `the camera ${label ? `“${label}” ` : ""}is gone`);
  }
}

/** Pictures as they are, for the engine to make of them what the model wants. */
export const AS_IT_IS: ImageBitmapOptions = { premultiplyAlpha: "none", colorSpaceConversion: "none" };

function unplayable(video: HTMLVideoElement): StreamoError {
  const hint = "Take a format that this browser plays, such as MP4 with H.264 or WebM.";
  return new StreamoError("invalid", video.error?.message || "the browser cannot play this video", { hint });
}
