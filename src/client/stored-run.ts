// A run as LangSmith returns it, and what is asked for: what both ways of reading runs share.
import type { KVMap } from "../wire/run.js";

/** A run as LangSmith returns it. */
export interface StoredRun {
  readonly id: string;
  readonly name: string;
  readonly run_type: string;
  readonly trace_id: string;
  readonly dotted_order?: string;
  readonly parent_run_id?: string | null;
  readonly session_id?: string;
  /** The project by name, as references have it. Left out where the run was read without `session_id`. */
  readonly session_name?: string;
  readonly start_time?: string;
  readonly end_time?: string | null;
  readonly status?: string;
  readonly error?: string | null;
  readonly inputs?: KVMap;
  readonly outputs?: KVMap | null;
  readonly extra?: KVMap;
  readonly tags?: string[] | null;
  readonly events?: KVMap[] | null;
  child_runs?: StoredRun[];
  readonly [field: string]: unknown;
}

/** Which runs {@link Client.listRuns} asks for; every name is the langsmith package's. */
export interface ListRunsParams {
  readonly projectId?: string | readonly string[];
  readonly projectName?: string | readonly string[];
  readonly traceId?: string;
  readonly isRoot?: boolean;
  readonly executionOrder?: number;
  readonly parentRunId?: string;
  /** By start. Default: the newest first. */
  readonly order?: "asc" | "desc";
  readonly referenceExampleId?: string;
  /** Only runs that started later. */
  readonly startTime?: Date;
  /** Only runs that started earlier. */
  readonly endTime?: Date;
  readonly runType?: string;
  readonly error?: boolean;
  /** These runs alone; the service then ignores the rest. */
  readonly id?: string | readonly string[];
  readonly runIds?: readonly string[];
  /** How many runs in all. Default: as many as there are. */
  readonly limit?: number;
  readonly query?: string;
  /** About the run, in the filter language: `eq(name, "extractor")`. */
  readonly filter?: string;
  /** About the root of its trace. */
  readonly traceFilter?: string;
  /** About any run of its trace. */
  readonly treeFilter?: string;
  /** The fields to return. Default: all that the langsmith package asks for. */
  readonly select?: readonly string[];
}

/** The ids that are asked for. */
export function idsOf({ id, runIds }: ListRunsParams): string[] {
  return [...listed(id), ...(runIds ?? [])];
}

/** What is undefined left out. */
export function withoutUndefined(values: KVMap): KVMap {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export function listed(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}
