// What a run's end waits for, known to whoever flushes.

// An asynchronous processInputs, processOutputs or aggregator.
const ending = new Set<Promise<unknown>>();

/** Remembers work that a run's end waits for, so that a flush can wait for it too. It never rejects. */
export function untilEnded(work: Promise<unknown>): void {
  ending.add(work);
  void work.finally(() => ending.delete(work));
}

/** Resolves when no run's end waits any more. */
export async function allEnded(): Promise<void> {
  while (ending.size > 0) await Promise.all([...ending]);
}
