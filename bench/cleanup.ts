/** What has to be undone when a benchmark ends, however it ends: last made, first undone. */
export class Cleanup {
  readonly #steps: (() => Promise<void>)[] = [];
  #isInterrupted = false;

  /** Runs `step` at the end, once; the function that it gives runs it earlier. */
  defer(step: () => Promise<void>): () => Promise<void> {
    let running: Promise<void> | null = null;
    const once = () => {
      running ??= step();
      return running;
    };
    this.#steps.push(once);
    return once;
  }

  /** Undoes all. A step that fails doesn't keep the others from it; the first error is thrown at the end. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await step().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }

  /** The same, when somebody interrupts what is being done. */
  interrupt(): Promise<void> {
    this.#isInterrupted = true;
    return this.run();
  }

  /**
   * Runs `work` and then undoes all. Once interrupted it never settles: what then fails does so because of that,
   * and the process is about to end.
   */
  async after<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.#isInterrupted) await new Promise(() => {});
      throw error;
    } finally {
      await this.run();
    }
  }
}
