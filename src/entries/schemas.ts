// `otel-langsmith/schemas`: the types that tracing programs take from `langsmith/schemas`.

import type { Attachments } from "../authoring/index.js";
import type { Feedback } from "../client/feedback.js";
import type { TracerSession } from "../client/project-list.js";
import type { StoredRun } from "../client/stored-run.js";
import type { CreateRunParams, UpdateRunParams } from "../client/write-runs.js";
import type { KVMap, RunType } from "../wire/run.js";

export type { Attachments, Feedback, KVMap, RunType, TracerSession };
/** A run as LangSmith returns it. */
export type Run = StoredRun;
export type RunCreate = CreateRunParams;
export type RunUpdate = UpdateRunParams;
export type ScoreType = Feedback["score"];
export type ValueType = Feedback["value"];

/** Tokens of a model call, as `usage_metadata` has them. */
export interface UsageMetadata {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  input_token_details?: Record<string, number>;
  output_token_details?: Record<string, number>;
  input_cost?: number;
  output_cost?: number;
  total_cost?: number;
}

/** The same, any part of it. */
export type ExtractedUsageMetadata = Partial<UsageMetadata>;
