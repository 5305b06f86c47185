// What became of the pending posts whose end is still to come: it decides whether the end is a post, a patch or must wait.
import { createHash } from "node:crypto";
import type { RunParts } from "../wire/parts.js";
import type { Item } from "./item.js";

/** Where a run's pending post is. `absent`: certainly not at the service. */
export type PostPhase = "queued" | "flying" | "parked" | "answered" | "absent";

export interface PendingRun {
  phase: PostPhase;
  /** The post, until it is answered. */
  post: Item | undefined;
  /** The end, while it waits for the post's answer. */
  end?: Item;
  /** Digest of the inputs that were posted, and names of the attachments. */
  inputs: string | undefined;
  attachments: readonly string[];
}

/** Runs with a pending post; beyond this the oldest answered ones are forgotten, which costs their inputs sent twice. */
const MAX_RUNS = 200_000;

export interface PendingRuns {
  get(runId: string): PendingRun | undefined;
  posted(item: Item, phase: PostPhase): void;
  forget(runId: string): void;
  readonly size: number;
}

export function createPendingRuns(maxRuns = MAX_RUNS): PendingRuns {
  const runs = new Map<string, PendingRun>();
  return {
    get: (runId) => runs.get(runId),
    posted(item, phase) {
      const attachments = item.parts.attachments.map((attachment) => attachment.name);
      runs.set(item.runId, { phase, post: item, inputs: digest(item.parts), attachments });
      if (runs.size > maxRuns) dropOldest(runs);
    },
    forget(runId) {
      runs.delete(runId);
    },
    get size() {
      return runs.size;
    },
  };
}

function dropOldest(runs: Map<string, PendingRun>): void {
  let looked = 0;
  for (const [runId, run] of runs) {
    if (run.phase === "answered" || run.phase === "absent") {
      runs.delete(runId);
      return;
    }
    looked += 1;
    if (looked > 100) return;
  }
}

/** What a patch carries: everything but the inputs and attachments that the post had just so. */
export function patchParts(parts: RunParts, run: Pick<PendingRun, "inputs" | "attachments">): RunParts {
  const isSame = run.inputs !== undefined && run.inputs === digest(parts);
  return {
    core: parts.core,
    fields: isSame ? parts.fields.filter(([field]) => field !== "inputs") : parts.fields,
    attachments: parts.attachments.filter((attachment) => !run.attachments.includes(attachment.name)),
  };
}

function digest(parts: RunParts): string | undefined {
  const inputs = parts.fields.find(([field]) => field === "inputs")?.[1];
  return inputs && createHash("sha1").update(inputs).digest("base64");
}
