// The client's names at the edge: nothing was sent, so there is nothing to flush and nothing to read.

export class LangSmithRequestError extends Error {}

/** Reading and scoring runs needs the bridge's own transport: said, rather than answered with nothing. */
function unavailable(what: string): LangSmithRequestError {
  return new LangSmithRequestError(
    `LSB_ERR_EDGE: otel-langsmith cannot ${what} in the edge runtime. Do it in a route of the Node.js runtime.`,
  );
}

export class Client {
  async flush(): Promise<void> {}
  async awaitPendingTraceBatches(): Promise<void> {}

  differsFromProcessor(): undefined {}

  async readRun(): Promise<never> {
    throw unavailable("read runs");
  }

  // biome-ignore lint/correctness/useYield: it has nothing to yield, and says why.
  async *listRuns(): AsyncGenerator<never, void, undefined> {
    throw unavailable("list runs");
  }

  async createFeedback(): Promise<never> {
    throw unavailable("create feedback");
  }
}

export async function createFeedback(): Promise<never> {
  throw unavailable("create feedback");
}

export async function getRunUrl(): Promise<never> {
  throw unavailable("look up a run's address");
}
