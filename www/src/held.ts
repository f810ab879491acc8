import { StreamoError } from "./errors.js";
import { typed } from "./explain.js";

/** Something of the engine's, which cannot be given back while it is at work: that is put off till then. */
export class Held<T> {
  private waits = 0;
  private state: "held" | "disposed" | "gone" = "held";

  /** `name` is what errors call it; `lost` is rejected when waiting is of no use any more. */
  constructor(
    private readonly inner: T,
    private readonly name: string,
    private readonly giveBack: (inner: T) => void,
    private readonly lost: Promise<never>,
  ) {}

  /** Calls it. */
  use<R>(call: (inner: T) => R): R {
    if (this.state !== "held") {
      throw new StreamoError("invalid", `${this.name} was disposed of`);
    }
    try {
      return call(this.inner);
    } catch (error) {
      throw typed(error);
    }
  }

  /** Calls it and waits. */
  async wait<R>(call: (inner: T) => Promise<R>): Promise<R> {
    const called = this.use(call);
    this.waits++;
    const over = (): void => {
      this.waits--;
      this.settle();
    };
    called.then(over, over);
    try {
      return await Promise.race([called, this.lost]);
    } catch (error) {
      throw typed(error);
    }
  }

  /** Gives it back, at the latest when it is no longer at work. */
  dispose(): void {
    if (this.state === "held") {
      this.state = "disposed";
      this.settle();
    }
  }

  private settle(): void {
    if (this.state === "disposed" && this.waits === 0) {
      this.state = "gone";
      this.giveBack(this.inner);
    }
  }
}
