import { StreamoError } from "./errors.js";
import { isFrames, open as openFeed, type Feed } from "./feed.js";
import { Pacer, type Paced } from "./pacer.js";
import { Past } from "./past.js";
import { TurnQueue } from "./queue.js";
import type { ByState, DecisionRule, Question, SessionEvents, Source, TimedFrame, Turn, WatchOptions } from "./types.js";
import type { Host } from "./host.js";
import type { Picture, Rule, Watched, Wishes } from "./worker/messages.js";

type Listener<E extends keyof SessionEvents> = (detail: SessionEvents[E]) => void;

/** No probability reaches it. */
const NEVER = 2;

/**
 * A stream that is being watched: an async iterable of its turns, which also tells what happens by {@link Session.on}.
 * Made by {@link Streamo.watch}.
 */
export class Session implements AsyncIterable<Turn> {
  private readonly listeners = new Map<keyof SessionEvents, Set<(detail: never) => void>>();
  private readonly turns = new TurnQueue();
  private readonly past = new Past();
  private readonly over = new AbortController();
  private rule: Rule;
  /** The worker, once it knows this session. */
  private ready: Promise<Host>;
  private feed: Feed | undefined;
  private pacer: Pacer | undefined;
  private fps = 1;
  private lastRound = -1;
  /** Why it takes no frames for now. */
  private readonly sleeps = new Set<"asked" | "hidden">();
  private silenced = false;

  /** @internal */
  constructor(
    private readonly id: number,
    host: Promise<Host>,
    private readonly source: Source,
    private readonly options: WatchOptions,
    private readonly left: (session: Session) => void,
  ) {
    this.rule = { threshold: options.threshold ?? null, bias: options.bias ?? [0, 0, 0] };
    questions(options.question).forEach((question) => this.past.ask(question, 0));
    this.ready = this.introduce(host);
    const { signal } = options;
    const abort = (): void =>
      this.fail(new StreamoError("aborted", "the session was aborted", { cause: signal?.reason }));
    signal?.addEventListener("abort", abort, { once: true, signal: this.over.signal });
    // Whoever made it is to hear everything, so nothing happens before they can listen.
    queueMicrotask(() => (signal?.aborted ? abort() : void this.begin()));
  }

  /** Has `listener` called whenever something of that kind happens; gives back what ends that. */
  on<E extends keyof SessionEvents>(event: E, listener: Listener<E>): () => void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /**
   * The turns: for the first who asks from the beginning, for others from now on. Ends with the session, and throws what
   * the session failed of.
   */
  [Symbol.asyncIterator](): AsyncIterator<Turn> {
    return this.turns.from();
  }

  /** Puts a question. It stands until it is withdrawn. */
  ask(question: string | Question): void {
    const [asked] = questions(question);
    if (!asked) {
      throw new StreamoError("invalid", "the question is empty");
    }
    this.past.ask(asked, this.lastRound + 1);
    void this.tell("ask", { session: this.id, at: asked.at ?? 0, text: asked.text });
  }

  /** Withdraws every question with this text: from the next round on the model does not see it. */
  withdraw(text: string): void {
    this.past.withdraw(text);
    void this.tell("withdraw", { session: this.id, text });
  }

  /** Has the states of the rounds to come follow by another rule. */
  tune(rule: DecisionRule): void {
    this.rule = {
      threshold: rule.threshold === undefined ? this.rule.threshold : rule.threshold,
      bias: rule.bias ?? this.rule.bias,
    };
    void this.tell("rule", { session: this.id, rule: this.ruling });
  }

  /** Goes on watching and never answers. */
  mute(): void {
    this.silenced = true;
    void this.tell("rule", { session: this.id, rule: this.ruling });
  }

  /** Answers again. */
  unmute(): void {
    this.silenced = false;
    void this.tell("rule", { session: this.id, rule: this.ruling });
  }

  /** Whether it never answers. */
  get muted(): boolean {
    return this.silenced;
  }

  /** Takes no more frames until {@link Session.resume}; the seconds of a camera go on. */
  pause(): void {
    this.sleep(true, "asked");
  }

  /** Takes frames again. */
  resume(): void {
    this.sleep(false, "asked");
  }

  /** Whether it takes no frames for now. */
  get paused(): boolean {
    return this.sleeps.size > 0;
  }

  /** Ends the session. A round that is under way is not waited for. */
  async close(): Promise<void> {
    this.finish("closed");
  }

  /**
   * Goes on with another worker, which knows nothing of this session: it is told everything that is still kept.
   * @internal
   */
  async moveTo(host: Promise<Host>, reason: string): Promise<void> {
    this.ready = this.introduce(host);
    this.emit("lost", { reason });
    try {
      await this.ready;
      this.emit("recovered", { rounds: this.past.rounds.length });
    } catch (error) {
      this.fail(error);
    }
  }

  /** @internal */
  hear(round: number, text: string): void {
    this.emit("token", { round, text });
  }

  /** Ends the session with what went wrong. @internal */
  fail(cause: unknown): void {
    if (this.over.signal.aborted) {
      return;
    }
    const error = cause instanceof StreamoError ? cause : new StreamoError("internal", String(cause), { cause });
    this.leave();
    this.emit("error", error);
    this.turns.end(error);
  }

  private async begin(): Promise<void> {
    try {
      await this.ready;
      if (this.over.signal.aborted) {
        return;
      }
      if (isFrames(this.source)) {
        await this.watchFrames(this.source);
      } else {
        this.follow(this.source);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /**
   * Begins the stream in a worker, and brings it to where it is now: what is asked from now on is told to the worker
   * afterwards.
   */
  private introduce(coming: Promise<Host>): Promise<Host> {
    const introduced = this.present(coming);
    // Whoever waits for it hears of it; nobody may.
    introduced.catch(() => undefined);
    return introduced;
  }

  private async present(coming: Promise<Host>): Promise<Host> {
    const { fps, window, arena, maxTokens } = this.options;
    const wishes: Wishes = { rule: this.ruling, ...defined({ fps, window, arena, maxTokens }) };
    const standing = this.past.questions(this.fps);
    const host = await coming;
    const begun = await host.ask("watch", { session: this.id, wishes });
    this.fps = begun.fps;
    this.past.window = begun.window;
    for (const { text, at } of standing) {
      await host.ask("ask", { session: this.id, at, text });
    }
    for (const { round, seen, generated } of this.past.rounds) {
      await host.ask("recall", { session: this.id, round, seen, generated });
    }
    return host;
  }

  /** Watches a source that goes on by itself. */
  private follow(source: Exclude<Source, AsyncIterable<TimedFrame>>): void {
    const feed = openFeed(source, {
      running: (running) => this.emit(running ? "resumed" : "paused", { reason: "video" }),
      ended: (error) => void this.pacer?.drain().then(() => (error ? this.fail(error) : this.finish("ended"))),
    });
    this.feed = feed;
    this.pacer = new Pacer(feed, this.fps, (frame) => this.watch(frame), (error) => this.fail(error));
    if (this.options.hidden !== "watch") {
      const hide = (): void => this.sleep(document.hidden, "hidden");
      document.addEventListener("visibilitychange", hide, { signal: this.over.signal });
      hide();
    }
    this.pacer.takes = !this.paused;
  }

  /** Watches frames that are handed in, each of them, as fast as it can. */
  private async watchFrames(frames: AsyncIterable<TimedFrame>): Promise<void> {
    for await (const { image, time } of frames) {
      if (this.over.signal.aborted) {
        return;
      }
      const round = Math.floor(time * this.fps + 1e-3);
      if (!(round > this.lastRound)) {
        throw new StreamoError("invalid", `a frame of ${time} s came after round ${this.lastRound}: frames go forward`);
      }
      await this.watch({ image, round, mediaTime: null, takenAt: Date.now() });
    }
    this.finish("ended");
  }

  private async watch(frame: Omit<Paced, "image"> & { image: Picture }): Promise<void> {
    const { round, image, mediaTime, takenAt } = frame;
    const transfer = image instanceof ImageData ? [image.data.buffer] : [image];
    let watched: Watched;
    try {
      const host = await this.ready;
      watched = await host.ask("frame", { session: this.id, round, picture: image }, transfer);
    } catch (error) {
      if (this.over.signal.aborted || (error instanceof StreamoError && error.code === "device-lost")) {
        // Another worker is on its way; this round is one of those that were passed over.
        return;
      }
      throw error;
    }
    if (this.over.signal.aborted) {
      return;
    }
    const { generated, seen, ...turn } = watched;
    if (seen) {
      this.past.keep({ round, seen, generated });
    }
    const behind = round - this.lastRound - 1;
    this.lastRound = round;
    if (behind > 0) {
      this.emit("behind", { rounds: behind, round });
    }
    const told: Turn = { ...turn, probabilities: probabilities(turn.logits), behind, takenAt, mediaTime };
    this.emit("turn", told);
    this.turns.add(told);
  }

  private sleep(asleep: boolean, reason: "asked" | "hidden"): void {
    if (this.sleeps.has(reason) === asleep || this.over.signal.aborted) {
      return;
    }
    if (asleep) {
      this.sleeps.add(reason);
    } else {
      this.sleeps.delete(reason);
    }
    if (this.pacer) {
      this.pacer.takes = !this.paused;
    }
    this.emit(asleep ? "paused" : "resumed", { reason });
  }

  private finish(reason: "ended" | "closed"): void {
    if (this.over.signal.aborted) {
      return;
    }
    this.leave();
    this.emit("end", { reason });
    this.turns.end();
  }

  private leave(): void {
    this.over.abort();
    this.pacer?.close();
    this.feed?.close();
    void this.tell("close", { session: this.id });
    this.left(this);
  }

  /** Asks something of the worker that may be gone, or come later: what it would change is kept here anyway. */
  private async tell(...[name, asks]: Parameters<Host["ask"]>): Promise<void> {
    try {
      await (await this.ready).ask(name, asks);
    } catch (error) {
      if (!(error instanceof StreamoError && error.code === "device-lost")) {
        this.fail(error);
      }
    }
  }

  private get ruling(): Rule {
    return this.silenced ? { ...this.rule, threshold: NEVER } : this.rule;
  }

  private emit<E extends keyof SessionEvents>(event: E, detail: SessionEvents[E]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      try {
        (listener as Listener<E>)(detail);
      } catch (error) {
        // A listener's fault is its page's, not the session's.
        reportError(error);
      }
    }
  }
}

function questions(given: WatchOptions["question"]): Question[] {
  const list = given === undefined ? [] : Array.isArray(given) ? (given as (string | Question)[]) : [given as string | Question];
  return list
    .map((question) => (typeof question === "string" ? { text: question } : question))
    .filter(({ text }) => text.trim() !== "");
}

function probabilities(logits: ByState | null): ByState | null {
  if (!logits) {
    return null;
  }
  const largest = Math.max(logits.silence, logits.standby, logits.response);
  const [silence, standby, response] = [logits.silence, logits.standby, logits.response].map((logit) =>
    Math.exp(logit - largest),
  ) as [number, number, number];
  const sum = silence + standby + response;
  return { silence: silence / sum, standby: standby / sum, response: response / sum };
}

/** What is not left open. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
