// Items and a fake end of the chain, for the links' own tests.

import {
  type Answer,
  type Batch,
  ITEM_OVERHEAD_BYTES,
  type Item,
  partsBytes,
  type Sender,
} from "../../src/delivery/item.js";
import { serializeRun } from "../../src/delivery/serialize.js";
import type { ServiceError } from "../../src/service/errors.js";
import type { Run } from "../../src/wire/run.js";
import { newRun } from "./runs.js";

let seq = 0;

export function newItem(changes: Partial<Item> = {}, run: Run = newRun()): Item {
  seq += 1;
  const parts = changes.parts ?? serializeRun(run);
  return {
    seq,
    runId: run.id,
    traceId: run.trace_id,
    verb: "post",
    pending: run.end_time === undefined,
    parts,
    bytes: partsBytes(parts) + ITEM_OVERHEAD_BYTES,
    receivedAt: 0,
    isSettled: false,
    mayHaveArrived: false,
    ...changes,
  };
}

/** A sender that does as it is told for each batch, and remembers them. */
export function fakeNext(
  decide: (batch: Batch, attempt: number) => Answer | ServiceError,
): Sender & { batches: Batch[] } {
  const batches: Batch[] = [];
  return {
    batches,
    async send(batch) {
      batches.push(batch);
      const answer = decide(batch, batches.length - 1);
      if (typeof answer === "string") return answer;
      throw answer;
    },
  };
}
