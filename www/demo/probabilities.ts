import type { DecisionRule, ModelInfo, State, Turn } from "streamo-wgpu";
import { made, part } from "./elements.js";
import { STATES, STATE_WORDS } from "./words.js";

const bars = part("bars", HTMLDListElement);
const slider = part("threshold", HTMLInputElement);
const auto = part("threshold-auto", HTMLInputElement);
const autoWords = part("threshold-auto-words", HTMLSpanElement);
const value = part("threshold-value", HTMLSpanElement);

/** The three probabilities of the newest second, and the threshold drawn through that of a response. */
export class Probabilities {
  readonly #rows = new Map<State, { bar: HTMLElement; number: HTMLElement }>();
  /** The threshold of the model itself. */
  #own: number | null = null;

  constructor(private readonly tune: (rule: DecisionRule) => void) {
    for (const state of STATES) {
      const row = made("div", "bar-row");
      row.dataset.state = state;
      const term = made("dt");
      const shape = made("i", "shape");
      shape.setAttribute("aria-hidden", "true");
      term.append(shape, STATE_WORDS[state]);
      const bar = made("i", "bar");
      const track = made("span", "bar-track");
      track.append(bar);
      track.setAttribute("aria-hidden", "true");
      const number = made("span", "number", "–");
      const shown = made("dd");
      shown.append(track, number);
      row.append(term, shown);
      bars.append(row);
      this.#rows.set(state, { bar, number });
    }
    slider.addEventListener("input", () => {
      auto.checked = false;
      this.#changed();
    });
    auto.addEventListener("change", () => this.#changed());
    this.#show();
  }

  /** As it is set now. */
  get rule(): DecisionRule {
    return { threshold: auto.checked ? null : slider.valueAsNumber };
  }

  begin({ threshold }: ModelInfo): void {
    this.#own = threshold;
    autoWords.textContent = threshold === null ? "the likeliest state wins" : "as the model has it";
    this.#show();
  }

  turn({ probabilities }: Turn): void {
    for (const [state, { bar, number }] of this.#rows) {
      const p = probabilities?.[state] ?? 0;
      bar.style.transform = `scaleX(${p.toFixed(4)})`;
      number.textContent = probabilities ? p.toFixed(2) : "–";
    }
  }

  clear(): void {
    for (const { bar, number } of this.#rows.values()) {
      bar.style.transform = "scaleX(0)";
      number.textContent = "–";
    }
  }

  #changed(): void {
    this.#show();
    this.tune(this.rule);
  }

  #show(): void {
    if (auto.checked && this.#own !== null) {
      slider.valueAsNumber = this.#own;
    }
    const open = auto.checked && this.#own === null;
    const words = open ? "auto" : slider.valueAsNumber.toFixed(2);
    value.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    document.body.classList.toggle("threshold-set", !open);
    document.body.style.setProperty("--threshold", slider.value);
  }
}
