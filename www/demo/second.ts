import type { ByState, Turn } from "streamo-wgpu";
import { Facts, part } from "./elements.js";
import type { Seen } from "./seen.js";
import { answerWords, clockWords, msWords, skippedWords, stateWords, STATES } from "./words.js";
import { roundMs } from "./cost.js";

const section = part("second", HTMLElement);
const title = part("second-title", HTMLHeadingElement);
const text = part("second-text", HTMLParagraphElement);
const timeline = part("timeline", HTMLDivElement);
const picture = part("second-picture", HTMLImageElement);

/** Everything that is known of one second. */
export class Second {
  readonly #facts = new Facts(part("second-facts", HTMLDListElement));

  constructor(
    private readonly seen: Seen,
    private readonly steps: { step: (by: "second" | "answer", step: 1 | -1) => void; now: () => void },
  ) {
    const on = (id: string, act: () => void): void => part(id, HTMLButtonElement).addEventListener("click", act);
    on("second-before", () => steps.step("second", -1));
    on("second-after", () => steps.step("second", 1));
    on("answer-before", () => steps.step("answer", -1));
    on("answer-after", () => steps.step("answer", 1));
    on("second-close", () => this.#close());
    section.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#close();
    });
  }

  #close(): void {
    this.steps.now();
    timeline.focus({ preventScroll: true });
  }

  show(turn: Turn | null, fps: number): void {
    section.hidden = !turn;
    if (!turn) return;
    section.dataset.state = turn.state ?? "none";
    title.textContent = `${clockWords(turn.from)} · ${stateWords(turn.state)}`;
    text.textContent = turn.state === "response" ? answerWords(turn) : "";
    this.#picture(turn.round);
    const { ms, tokens, bytes } = turn;
    this.#facts.show("Stream", `${turn.from} s – ${turn.to} s, round ${turn.round}`);
    this.#facts.show("Taken at", new Date(turn.takenAt).toLocaleTimeString());
    this.#facts.show("In the video", turn.mediaTime === null ? null : `${turn.mediaTime.toFixed(2)} s`);
    this.#facts.show("Before it", turn.behind ? skippedWords(turn.behind, fps) : null);
    this.#facts.show("Probabilities", byState(turn.probabilities));
    this.#facts.show("Logits", byState(turn.logits));
    this.#facts.show("Tokens", `${tokens.vision} vision, ${tokens.prefill} prefill, ${tokens.generated} generated, ${tokens.memory.toLocaleString("en")} kept`);
    this.#facts.show(
      "Time",
      `frame ${msWords(ms.frame)}, vision ${msWords(ms.vision)}, prefill ${msWords(ms.prefill)}, decode ${msWords(ms.decode)}; ${msWords(roundMs(turn))} in all`,
    );
    this.#facts.show("Memory", `${bytes.device === null ? "" : `GPU ${mb(bytes.device)}, `}engine ${mb(bytes.engine)}`);
  }

  #picture(round: number): void {
    if (picture.src) URL.revokeObjectURL(picture.src);
    const seen = this.seen.picture(round);
    picture.hidden = !seen;
    if (seen) picture.src = URL.createObjectURL(seen);
    else picture.removeAttribute("src");
  }
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function byState(values: ByState | null): string {
  if (!values) return "none: it was not asked";
  return STATES.map((state) => `${state} ${values[state].toFixed(3)}`).join(", ");
}
