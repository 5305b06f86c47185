// Feedback on a run: posted at once, with the project where the service wants it.

import { primaryBridge } from "../bridges.js";
import { LangSmithOptionError, LangSmithRequestError, RunReferenceError } from "../errors.js";
import { type RunReference, referenceOf } from "../identity/reference.js";
import type { LangSmithDestination } from "../options/options.js";
import { isUuid, uuid7 } from "../wire/ids.js";
import type { KVMap } from "../wire/run.js";
import { field, hasNewStoreAlone, projectByName } from "./projects.js";
import { createRest, ownDestination, type Rest } from "./rest.js";

/** What somebody thinks of a run. */
export interface FeedbackInput {
  /** The run's id; or `run`. */
  readonly runId?: string;
  /** A reference, or any run that LangSmith returned. */
  readonly run?: Partial<RunReference> & { readonly id: string; readonly session_id?: string };
  /** What is scored: `correctness`, `user_score`. At most 180 characters. */
  readonly key: string;
  /** A number is rounded to four places: the service refuses one of more. */
  readonly score?: number | boolean | null;
  readonly value?: number | boolean | string | KVMap | null;
  readonly comment?: string | null;
  readonly correction?: KVMap | string | null;
  /** The feedback's own id; the same one twice is one feedback. Default: a new UUID v7. */
  readonly feedbackId?: string;
  /** Where the run lives, for deployments that want it. Default: the reference's project, else the bridge's. */
  readonly projectName?: string;
  /** The id of that project, where it is known; nothing is looked up then. */
  readonly sessionId?: string;
  /** Metadata on where the feedback comes from. */
  readonly sourceInfo?: KVMap;
  /** `model` for what a model says of the run. Default: `api`. */
  readonly feedbackSourceType?: "api" | "model";
  /** The run that made this feedback, of a model that judges. */
  readonly sourceRunId?: string;
}

/** A feedback as the service holds it. */
export interface Feedback {
  readonly id: string;
  readonly run_id: string;
  readonly key: string;
  readonly score?: number | boolean | null;
  readonly value?: unknown;
  readonly comment?: string | null;
  readonly [field: string]: unknown;
}

/**
 * Scores a run, at once: a custom id, or a saved reference, will do. Deployments with the new store want the run's
 * project with it; it is resolved by name then.
 *
 * @throws LangSmithRequestError whose `code` says which; RunReferenceError where the id is no UUID;
 * LangSmithOptionError for a score that is no finite number
 * @example
 * ```ts
 * await createFeedback({ runId: row.runId, key: "user_score", score: 1, comment: "Just right" });
 * ```
 */
export async function createFeedback(
  input: FeedbackInput,
  destination: LangSmithDestination = ownDestination(),
): Promise<Feedback> {
  const runId = input.runId ?? input.run?.id;
  if (!isUuid(runId)) {
    throw new RunReferenceError(
      "LSB_ERR_RUN_ID",
      `createFeedback needs the id of a run, a UUID, as runId or run.id, not ${JSON.stringify(runId)}.`,
    );
  }
  const rest = createRest(destination);
  const body: Record<string, unknown> = {
    id: input.feedbackId ?? uuid7(),
    run_id: runId,
    ...traceOf(input),
    key: input.key,
    score: scoreOf(input.score),
    value: input.value,
    comment: input.comment,
    correction: input.correction,
    feedback_source: { type: input.feedbackSourceType ?? "api", metadata: sourceOf(input) },
  };
  const known = input.sessionId ?? input.run?.session_id;
  const session = known ?? ((await hasNewStoreAlone(rest)) ? await sessionOf(rest, input) : undefined);
  try {
    return await post(rest, runId, session === undefined ? body : { ...body, session_id: session });
  } catch (error) {
    if (session !== undefined || !wantsProject(error)) throw error;
    return post(rest, runId, { ...body, session_id: await sessionOf(rest, input) });
  }
}

/** A score as the service takes it. @throws LangSmithOptionError for one that is no finite number */
export function scoreOf(score: FeedbackInput["score"]): FeedbackInput["score"] {
  if (typeof score !== "number") return score;
  // JSON has no such number: it would arrive as a feedback without a score.
  if (!Number.isFinite(score)) throw new LangSmithOptionError("score", "a finite number, a boolean or null", score);
  return Number(score.toFixed(4));
}

function sourceOf({ sourceInfo = {}, sourceRunId }: FeedbackInput): KVMap {
  return sourceRunId === undefined ? sourceInfo : { __run: { run_id: sourceRunId }, ...sourceInfo };
}

function traceOf({ run }: FeedbackInput): Record<string, unknown> {
  const reference = run && referenceOf(run);
  return reference ? { trace_id: reference.trace_id, start_time: reference.start_time } : {};
}

async function sessionOf(rest: Rest, { projectName, run }: FeedbackInput): Promise<string> {
  const name = projectName ?? run?.session_name ?? primaryBridge()?.projectName ?? "default";
  return (await projectByName(rest, name)).id;
}

function wantsProject(error: unknown): boolean {
  if (!(error instanceof LangSmithRequestError)) return false;
  return error.code === "LSB_ERR_GONE" || (error.code === "LSB_ERR_REQUEST" && /session_id/i.test(error.reason ?? ""));
}

async function post(rest: Rest, runId: string, body: Record<string, unknown>): Promise<Feedback> {
  const answer = await rest.call({
    method: "POST",
    path: "/feedback",
    subject: `run ${runId} (feedback)`,
    body,
    // Its id is ours: the same one twice is one feedback.
    isRepeatable: true,
  });
  const said = typeof answer === "object" && answer !== null ? answer : {};
  return { ...body, ...said, id: String(field(answer, "id") ?? body.id), run_id: runId, key: String(body.key) };
}
