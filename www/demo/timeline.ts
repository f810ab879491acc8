import type { Turn } from "streamo-wgpu";
import { made, part } from "./elements.js";
import { CELL, Track, type Cell, type Flag } from "./track.js";
import { answerWords, clockWords, skippedWords, spokenTime, stateWords } from "./words.js";

/** Drawn beyond both edges, so that a scroll shows no bare strip. */
const MARGIN = 240;
/** A flag of less room has one line. */
const NARROW = 110;

const scroller = part("timeline", HTMLDivElement);
const track = part("timeline-track", HTMLDivElement);
const toNow = part("to-now", HTMLButtonElement);
const empty = part("timeline-empty", HTMLParagraphElement);

/**
 * The strip: a cell a second, the newest in view unless somebody has scrolled back. Only what is in view stands in the
 * document, so an hour costs what a minute does. To the keyboard and to screen readers it is a slider over the seconds.
 */
export class Timeline {
  #track = new Track();
  #live: Flag | null = null;
  #chosen: number | null = null;
  #following = true;
  #running = false;
  #fps = 1;
  #scrolledTo = 0;
  #pending = false;
  readonly #drawn = new Map<Cell | Flag, HTMLElement>();
  readonly #head = made("i", "head");

  /** `choose` is told the second that is looked at, `null` for none. */
  constructor(private readonly choose: (turn: Turn | null) => void) {
    scroller.addEventListener("scroll", () => {
      if (scroller.scrollLeft + scroller.clientWidth >= scroller.scrollWidth - 2) this.#following = true;
      // a resize moves it too; only a visitor moves it back
      else if (scroller.scrollLeft < this.#scrolledTo - 2) this.#following = false;
      this.#redraw();
    });
    scroller.addEventListener("keydown", (event) => this.#key(event));
    track.addEventListener("click", (event) => this.#click(event));
    toNow.addEventListener("click", () => this.now());
    new ResizeObserver(() => this.#redraw()).observe(scroller);
  }

  begin(fps: number): void {
    this.#track = new Track();
    this.#live = null;
    this.#fps = fps;
    this.#running = true;
    this.#drawn.clear();
    track.replaceChildren(this.#head);
    empty.hidden = true;
    scroller.setAttribute("aria-valuemax", "0");
    this.now();
  }

  /** No more cells come. */
  end(): void {
    this.#running = false;
    this.#dropLive();
    this.#redraw();
  }

  /** A piece of the answer that is being decoded. */
  piece(round: number, text: string): void {
    this.#live ??= this.#track.plant(round);
    this.#live.text = (this.#live.text + text).trimStart();
    this.#redraw();
  }

  turn(turn: Turn): void {
    if (turn.state !== "response") this.#dropLive();
    if (turn.state === "response") this.#live ??= this.#track.plant(turn.round);
    const cell = this.#track.add(turn);
    if (this.#live) {
      this.#live.x = cell.x;
      this.#live.text = answerWords(turn);
      this.#live.growing = false;
    }
    this.#live = null;
    scroller.setAttribute("aria-valuemax", String(this.#track.cells.length - 1));
    this.#redraw();
  }

  /** Looks at the newest second, and follows. */
  now(): void {
    this.#following = true;
    this.#choose(null);
    this.#redraw();
  }

  /** Looks at the next or the last second, or answer. */
  step(by: "second" | "answer", step: 1 | -1): void {
    const from = this.#chosen ?? this.#track.cells.length;
    const index = by === "answer" ? this.#track.answerBeside(from, step) : from + step;
    if (index !== null) this.#look(index);
  }

  /** An answer that never got its second. */
  #dropLive(): void {
    if (!this.#live) return;
    this.#forget(this.#live);
    this.#track.uproot();
    this.#live = null;
  }

  #key(event: KeyboardEvent): void {
    const last = this.#track.cells.length - 1;
    const from = this.#chosen ?? last + 1;
    const page = event.key === "PageUp" || event.key === "PageDown";
    if (event.key === "Escape") this.now();
    else if (event.key === "Home") this.#look(0);
    else if (event.key === "End") this.#look(last);
    else if (page) this.#look(from + (event.key === "PageUp" ? 10 : -10));
    else if (event.key === "ArrowLeft" || event.key === "ArrowDown") this.#look(from - 1);
    else if (event.key === "ArrowRight" || event.key === "ArrowUp") this.#look(from + 1);
    else return;
    event.preventDefault();
  }

  #click(event: MouseEvent): void {
    const target = (event.target as Element).closest<HTMLElement>("[data-index]");
    const x = event.clientX - track.getBoundingClientRect().left;
    const index = target ? Number(target.dataset.index) : this.#track.cellAt(x);
    if (index < this.#track.cells.length) this.#look(index);
  }

  #look(index: number): void {
    const last = this.#track.cells.length - 1;
    if (last < 0) return;
    index = Math.max(0, Math.min(index, last));
    this.#choose(index);
    const { x } = this.#track.cells[index]!;
    const { scrollLeft, clientWidth } = scroller;
    const pad = Math.min(clientWidth / 4, 4 * CELL);
    if (x < scrollLeft + pad) scroller.scrollLeft = x - pad;
    else if (x + CELL > scrollLeft + clientWidth - pad) scroller.scrollLeft = x + CELL + pad - clientWidth;
  }

  #choose(index: number | null): void {
    this.#chosen = index;
    const turn = index === null ? null : this.#track.cells[index]!.turn;
    scroller.setAttribute("aria-valuenow", String(index ?? Math.max(0, this.#track.cells.length - 1)));
    scroller.setAttribute("aria-valuetext", turn ? this.#spoken(turn) : "Now");
    this.choose(turn);
    this.#redraw();
  }

  #spoken(turn: Turn): string {
    const answer = turn.state === "response" ? `: ${answerWords(turn)}` : "";
    const skipped = turn.behind ? `, ${skippedWords(turn.behind, this.#fps)} before it` : "";
    return `${spokenTime(turn.from)}, ${stateWords(turn.state)}${answer}${skipped}`;
  }

  #redraw(): void {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  #draw(): void {
    // room for the second under way, and for its answer to grow
    const end = this.#track.width + (this.#running ? CELL : 0);
    const flagEnd = this.#track.flags.slice(-3).reduce((most, flag) => Math.max(most, flag.x + flag.room), 0);
    track.style.width = `${Math.max(end + CELL, flagEnd)}px`;
    this.#head.hidden = !this.#running;
    this.#head.style.transform = `translateX(${this.#track.width}px)`;
    if (this.#following) {
      scroller.scrollLeft = scroller.scrollWidth;
      this.#scrolledTo = scroller.scrollLeft;
    }
    toNow.hidden = this.#following && this.#chosen === null;

    const left = scroller.scrollLeft - MARGIN;
    const right = scroller.scrollLeft + scroller.clientWidth + MARGIN;
    const { cells, flags } = this.#track;
    const kept = new Set<Cell | Flag>();
    for (let i = this.#track.cellAt(left); i < cells.length && cells[i]!.x - cells[i]!.gap < right; i += 1) {
      const cell = cells[i]!;
      kept.add(cell);
      this.#element(cell, () => this.#cell(cell, i)).classList.toggle("chosen", i === this.#chosen);
    }
    for (let i = this.#track.flagAt(left); i < flags.length && flags[i]!.x < right; i += 1) {
      const flag = flags[i]!;
      kept.add(flag);
      const element = this.#element(flag, () => this.#flag(flag));
      element.style.setProperty("--x", `${flag.x}px`);
      element.style.setProperty("--room", `${flag.room}px`);
      element.classList.toggle("narrow", flag.room < NARROW);
      element.classList.toggle("growing", flag.growing);
      element.classList.toggle("chosen", flag.index === this.#chosen);
      if (element.lastElementChild!.textContent !== flag.text) element.lastElementChild!.textContent = flag.text;
    }
    for (const item of this.#drawn.keys()) if (!kept.has(item)) this.#forget(item);
  }

  #element(item: Cell | Flag, make: () => HTMLElement): HTMLElement {
    let element = this.#drawn.get(item);
    if (!element) {
      element = make();
      this.#drawn.set(item, element);
      track.append(element);
    }
    return element;
  }

  #forget(item: Cell | Flag): void {
    this.#drawn.get(item)?.remove();
    this.#drawn.delete(item);
  }

  #cell({ turn, x, gap }: Cell, index: number): HTMLElement {
    const newest = index === this.#track.cells.length - 1;
    const element = made("i", newest ? "cell new" : "cell");
    element.dataset.state = turn.state ?? "none";
    element.dataset.index = String(index);
    element.style.transform = `translateX(${x}px)`;
    element.append(made("i", "shape"));
    if (Number.isInteger(turn.from) && turn.from % 10 === 0) element.append(made("span", "tick", clockWords(turn.from)));
    if (gap) {
      const skipped = made("span", "gap", gap > 2 * CELL ? skippedWords(turn.behind, this.#fps) : "");
      skipped.style.width = `${gap}px`;
      element.append(skipped);
    }
    return element;
  }

  #flag(flag: Flag): HTMLElement {
    const element = made("div", "flag");
    element.dataset.index = String(flag.index);
    element.dataset.lane = String(flag.lane);
    element.append(made("i", "leader"), made("span"));
    return element;
  }
}
