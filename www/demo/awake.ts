/** Keeps a phone's screen on while it watches; where the browser cannot, it goes dark as it always does. */
export class Awake {
  #wanted = false;
  #lock: WakeLockSentinel | null = null;

  constructor() {
    // a hidden page loses its lock
    document.addEventListener("visibilitychange", () => void this.#take());
  }

  keep(): void {
    this.#wanted = true;
    void this.#take();
  }

  let(): void {
    this.#wanted = false;
    void this.#lock?.release();
    this.#lock = null;
  }

  async #take(): Promise<void> {
    if (!this.#wanted || document.hidden || !("wakeLock" in navigator)) return;
    if (this.#lock && !this.#lock.released) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#wanted) this.#lock = lock;
      else await lock.release();
    } catch {
      // a device that saves its battery refuses
    }
  }
}
