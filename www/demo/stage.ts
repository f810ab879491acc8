/** Where the page stands. */
export type Phase = "idle" | "loading" | "watching" | "paused" | "ended" | "failed";

/** What can happen to it. */
export type Step = "start" | "ready" | "pause" | "resume" | "end" | "cancel" | "fail";

const WAYS: Record<Phase, Partial<Record<Step, Phase>>> = {
  idle: { start: "loading", fail: "failed" },
  loading: { ready: "watching", cancel: "idle", fail: "failed" },
  watching: { pause: "paused", end: "ended", fail: "failed" },
  paused: { resume: "watching", end: "ended", fail: "failed" },
  ended: { start: "loading", fail: "failed" },
  failed: { start: "loading", fail: "failed" },
};

/** The page's state machine; each phase shows the elements whose `data-when` names it. */
export class Stage {
  #phase: Phase = "idle";

  constructor(private readonly changed: (phase: Phase) => void) {}

  get phase(): Phase {
    return this.#phase;
  }

  /** Takes a step, and says whether there was one to take from here. */
  go(step: Step): boolean {
    const next = WAYS[this.#phase][step];
    if (!next) return false;
    this.#phase = next;
    document.body.dataset.phase = next;
    const focused = document.activeElement;
    for (const element of document.querySelectorAll<HTMLElement>("[data-when]")) {
      element.hidden = !element.dataset.when!.split(" ").includes(next);
    }
    this.changed(next);
    if (focused instanceof HTMLElement && focused !== document.body && !focused.checkVisibility()) this.#refocus();
    return true;
  }

  /** Whoever works the page by keyboard keeps their place when a control disappears. */
  #refocus(): void {
    const controls = document.querySelectorAll<HTMLElement>(".viewfinder [data-when] button");
    [...controls].find((control) => control.checkVisibility())?.focus({ preventScroll: true });
  }
}
