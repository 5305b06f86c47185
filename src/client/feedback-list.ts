// Feedback listed, changed and taken back, with the langsmith package's signatures.

import { RunIdError } from "../errors.js";
import { isUuid } from "../wire/ids.js";
import type { KVMap } from "../wire/run.js";
import { type Feedback, scoreOf } from "./feedback.js";
import { listByOffset } from "./resources.js";
import type { Rest } from "./rest.js";
import { withoutUndefined } from "./stored-run.js";

/** Which feedback {@link Client.listFeedback} asks for. */
export interface ListFeedbackParams {
  readonly runIds?: readonly string[];
  readonly feedbackKeys?: readonly string[];
  readonly feedbackSourceTypes?: readonly string[];
}

/** What {@link Client.updateFeedback} changes. */
export interface FeedbackChanges {
  readonly score?: number | boolean | null;
  readonly value?: number | boolean | string | KVMap | null;
  readonly correction?: KVMap | string | null;
  readonly comment?: string | null;
}

export async function* listFeedback(
  rest: Rest,
  { runIds, feedbackKeys, feedbackSourceTypes }: ListFeedbackParams,
): AsyncGenerator<Feedback, void, undefined> {
  for (const id of runIds ?? []) checkId(id, "A run id");
  const query = { run: runIds, key: feedbackKeys, source: feedbackSourceTypes };
  for await (const item of listByOffset(rest, "/feedback", "feedback", query)) {
    yield { ...item, id: String(item.id), run_id: String(item.run_id), key: String(item.key) };
  }
}

export async function updateFeedback(rest: Rest, feedbackId: string, changes: FeedbackChanges): Promise<void> {
  checkId(feedbackId, "A feedback's id");
  const { score, value, correction, comment } = changes;
  await rest.call({
    method: "PATCH",
    path: `/feedback/${feedbackId}`,
    subject: `feedback ${feedbackId}`,
    body: withoutUndefined({ score: scoreOf(score), value, correction, comment }),
    isRepeatable: true,
  });
}

export async function deleteFeedback(rest: Rest, feedbackId: string): Promise<void> {
  checkId(feedbackId, "A feedback's id");
  await rest.call({ method: "DELETE", path: `/feedback/${feedbackId}`, subject: `feedback ${feedbackId}` });
}

function checkId(id: unknown, what: string): void {
  if (!isUuid(id)) throw new RunIdError(id, what);
}
