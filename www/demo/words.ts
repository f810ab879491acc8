import type { DeviceInfo, ErrorCode, Probe, Progress, State, StreamoError, Turn } from "streamo-wgpu";
import type { Phase } from "./stage.js";

/** Something that went wrong, for people. */
export interface Trouble {
  message: string;
  hint: string;
}

export const STATES: readonly State[] = ["silence", "standby", "response"];

export const STATE_WORDS: Record<State, string> = { silence: "Silence", standby: "Standby", response: "Response" };

/** As the command line prints them. */
export const STATE_SIGNS: Record<State, string> = { silence: "·", standby: "…", response: "▶" };

export const SUGGESTIONS = [
  "What is happening?",
  "Tell me when someone comes in.",
  "Tell me when something red comes in.",
  "How many things are there?",
];

export const NO_QUESTION = "No question yet: it watches, and is not asked.";
export const WAITING = "It is watching. It will speak here, when it decides to.";
export const SAID_NOTHING = "(It answered, and said nothing.)";
export const NEW_VERSION = "A new version of this page is here.";
export const VIDEO_OVER = "The video is over";
export const WATCHING_AGAIN = "watching again";
export const COPIED = "Copied.";
export const NOT_COPIED = "The browser does not let this page copy. Download the log instead.";
export const WAITING_FOR_CAMERA = "Waiting for the camera: allow it if the browser asks";

export const OVERLAY: Record<Phase, string> = {
  idle: "Give it something to watch",
  loading: "",
  watching: "",
  paused: "",
  ended: "It has stopped watching",
  failed: "It could not go on",
};

const STAGES: Record<Progress["stage"], string> = {
  engine: "Starting the engine",
  download: "Fetching the model",
  load: "Preparing the model",
  ready: "Ready",
};

export function stageWords(progress: Progress): string {
  return STAGES[progress.stage];
}

export function bytesWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

export function countWords(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} billion`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} million`;
  return count.toLocaleString("en");
}

/** `0:07`, `12:40`, `1:02:03`. */
export function clockWords(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const rest = two(whole % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** For ears: "12 seconds", "1 minute 5 seconds". */
export function spokenTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const some = (n: number, unit: string): string => (n ? `${n} ${unit}${n === 1 ? "" : "s"} ` : "");
  const words = some(Math.floor(whole / 3600), "hour") + some(Math.floor(whole / 60) % 60, "minute") + some(whole % 60, "second");
  return words.trim() || "0 seconds";
}

export function msWords(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function secondsWords(seconds: number): string {
  return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`;
}

export function stateWords(state: State | null): string {
  return state ? STATE_WORDS[state] : "No state";
}

export function answerWords(turn: Turn): string {
  return turn.text.trim() || SAID_NOTHING;
}

/** What the probe found that a visitor should know before they start; `null` when all is well. */
export function probeWords(probe: Probe): string | null {
  if (!probe.webgpu) {
    return `${sentence(probe.reason)} The bundled one does; a large one would be many times too slow.`;
  }
  if (probe.software) {
    return "The browser offers no real GPU here, only one that the processor plays: the bundled model runs, a large one will be too slow.";
  }
  return null;
}

/** Where it runs and why, without what the reason says to programmers in brackets. */
export function deviceWords({ kind, software, name, reason }: DeviceInfo): string {
  const gpu = `${software ? "a GPU that the processor plays" : "the GPU"}${name ? ` (${name})` : ""}`;
  return `on ${kind === "cpu" ? "the processor" : gpu}. ${sentence(reason.replace(/\s*\(.*/s, ""))}`;
}

export function slowWords(round: number, skipped: number, fps: number): string {
  const every = skipped + 1;
  const watched = fps === 1 ? `one second in ${every}` : `one frame in ${every}`;
  return `Too slow here: one look takes about ${msWords(round)}, so it watches ${watched}. A smaller model, or a device with a faster GPU, would keep up.`;
}

export function pausedWords(reason: "asked" | "hidden" | "video"): string {
  if (reason === "asked") return "paused";
  return reason === "hidden" ? "paused: the page is hidden" : "paused: no frames come from the video";
}

export function skippedWords(rounds: number, fps: number): string {
  return `${secondsWords(rounds / fps)} skipped`;
}

export function lostWords(reason: string): string {
  return `the GPU was lost (${reason.replace(/\.$/, "")}); getting it back`;
}

export function recoveredWords(rounds: number): string {
  return `the GPU is back; ${rounds} ${rounds === 1 ? "round" : "rounds"} read again`;
}

export function unplayable(name: string): Trouble {
  return { message: `This browser cannot play “${name}”.`, hint: "Take a video in MP4 (H.264) or WebM (VP9)." };
}

export function notVideo(name: string): Trouble {
  return { message: `“${name}” is not a video.`, hint: "Drop a video file, such as an MP4 or a WebM." };
}

export function cameraLost(): Trouble {
  return { message: "The camera was unplugged, or taken away.", hint: "Connect the camera, and start again." };
}

export function noClip(): Trouble {
  return { message: "The bundled clip could not be played.", hint: "Reload the page, or use the camera or a video of your own." };
}

/** After these the engine is not what it was: the next start loads it anew. */
export const NEEDS_NEW_ENGINE: ReadonlySet<ErrorCode> = new Set(["device-lost", "out-of-memory", "internal"]);

/** What the processor can do in the GPU's stead. */
export const ON_PROCESSOR: ReadonlySet<ErrorCode> = new Set(["no-webgpu", "adapter-refused"]);
export const RUN_ON_PROCESSOR = "Run on the processor";

/** Where the package's hint is for programs, what a visitor of this page can do. */
const HINTS_HERE: Partial<Record<ErrorCode, string>> = {
  "no-webgpu": "Use a browser with WebGPU, such as a current Chrome, Edge, Safari or Firefox, or run the model on the processor, which is slower.",
  "adapter-refused": "Update the browser or the graphics driver, or run the model on the processor, which is slower.",
  "model-missing": "Check the model's address or folder: it holds a streamo-pack.json, as “streamo pack” makes it.",
  "quota-exceeded": "Free space on this device, or take a smaller model.",
};

/** Errors of the package speak for themselves; whatever else is thrown is a fault of this page. */
export function troubleOf(error: unknown): Trouble {
  if (isStreamoError(error)) return { message: sentence(error.message), hint: HINTS_HERE[error.code] ?? sentence(error.hint) };
  if (isTrouble(error)) return error;
  console.error(error);
  return { message: "Something went wrong that this page did not expect.", hint: "Reload the page; if it happens again, please report it." };
}

export function isStreamoError(error: unknown): error is StreamoError {
  return error instanceof Error && error.name === "StreamoError";
}

function isTrouble(value: unknown): value is Trouble {
  return typeof value === "object" && value !== null && !(value instanceof Error) && "message" in value && "hint" in value;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
