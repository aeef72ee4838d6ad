/** Turns: tasks that wait for one another, so that each begins on what the last one left. */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the task when all those before it are done, however they ended. */
  take<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    // Whoever took the turn hears of its failure; the next in line need not.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
