import type { Question } from "./types.js";

/** A round that can be read again. */
export interface PastRound {
  round: number;
  seen: Blob;
  generated: number[];
}

/** What a page keeps of a stream, so that it can go on when the GPU is lost with everything on it. */
export class Past {
  /** Rounds whose frames are kept. */
  window = Infinity;
  /** The rounds of the window, the oldest first. */
  rounds: PastRound[] = [];
  private asked: { question: Question; from: number }[] = [];

  /** A question was put when `from` was the next round. */
  ask(question: Question, from: number): void {
    this.asked.push({ question, from });
  }

  /** Questions with this text do not count any more. */
  withdraw(text: string): void {
    this.asked = this.asked.filter(({ question }) => question.text.trim() !== text.trim());
  }

  /** The standing questions, each for the second in which it was put. */
  questions(fps: number): { text: string; at: number }[] {
    return this.asked.map(({ question, from }) => ({ text: question.text, at: Math.max(question.at ?? 0, from / fps) }));
  }

  /** A round was watched. */
  keep(round: PastRound): void {
    this.rounds.push(round);
    this.rounds = this.rounds.filter((kept) => kept.round + this.window > round.round);
  }
}
