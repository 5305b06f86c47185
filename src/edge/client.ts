// The client's names at the edge: nothing was sent, so there is nothing to flush and nothing to read.

/** Reading and scoring runs needs the bridge's own transport: said, rather than answered with nothing. */
function unavailable(what: string): LangSmithRequestError {
  return new LangSmithRequestError(
    "LSB_ERR_EDGE",
    `otel-langsmith cannot ${what} in the edge runtime. Do it in a route of the Node.js runtime.`,
  );
}

import { LangSmithRequestError } from "../errors.js";
export class Client {
  async flush(): Promise<void> {}
  async awaitPendingTraceBatches(): Promise<void> {}

  differsFromProcessor(): undefined {}

  async createRun(): Promise<void> {}
  async updateRun(): Promise<void> {}

  async getRunUrl(): Promise<never> {
    throw unavailable("look up a run's address");
  }
  async getRunStats(): Promise<never> {
    throw unavailable("read statistics");
  }
  async updateFeedback(): Promise<never> {
    throw unavailable("change feedback");
  }
  async deleteFeedback(): Promise<never> {
    throw unavailable("delete feedback");
  }
  async readProject(): Promise<never> {
    throw unavailable("read projects");
  }
  async hasProject(): Promise<never> {
    throw unavailable("look for projects");
  }

  // biome-ignore lint/correctness/useYield: it has nothing to yield, and says why.
  async *listFeedback(): AsyncGenerator<never, void, undefined> {
    throw unavailable("list feedback");
  }
  // biome-ignore lint/correctness/useYield: it has nothing to yield, and says why.
  async *listProjects(): AsyncGenerator<never, void, undefined> {
    throw unavailable("list projects");
  }

  get runs(): never {
    throw unavailable("query runs");
  }
  get traces(): never {
    throw unavailable("query traces");
  }
  get threads(): never {
    throw unavailable("query threads");
  }
  get sessions(): never {
    throw unavailable("read projects");
  }

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
