// The types of trace.mjs, for the tests.

/** A run as the server gives it back, as far as the demo reads it. */
export interface TracedRun {
  id: string;
  trace_id: string;
  parent_run_id?: string | null;
  dotted_order: string;
  name: string;
  run_type: string;
  status: string;
  error?: string | null;
  start_time: string;
  end_time?: string | null;
  total_tokens?: number | null;
  outputs?: Record<string, unknown> | null;
  extra?: { metadata?: Record<string, unknown> } | null;
}

export interface Node {
  run: TracedRun;
  children: Node[];
}

export declare function readRuns(server: string, project: string): Promise<TracedRun[]>;
export declare function treesOf(runs: TracedRun[]): Node[];
export declare function usageOf(run: TracedRun): { input: number; output: number };
export declare function serviceOf(run: TracedRun): string;
