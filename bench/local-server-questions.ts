// What bench/local-server.ts asks of a full server: listing, filtering, full text, and a large trace by each way to it.

/** What came of a question. */
export interface Asked {
  readonly runs: number;
  /** Of several requests the slowest's milliseconds; each has to answer in time, not all together. */
  readonly slowest?: number;
}

/** A question: how it is called, and what asks it. */
export type Question = readonly [name: string, ask: () => Promise<Asked>];

/** The body of a good answer. @throws Error with the status and the body of any other. */
export async function answered(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(body)}`);
  return body;
}

// What a viewer needs to draw a tree; and all that it may show of a run.
const OUTLINE = "ID NAME RUN_TYPE STATUS START_TIME END_TIME PARENT_RUN_IDS TOTAL_TOKENS TOTAL_COST".split(" ");
const WHOLE = [...OUTLINE, "INPUTS", "OUTPUTS", "ERROR", "METADATA", "TAGS"];

/** Every question, for a server that holds a project with one large trace among many small ones. */
export function questionsOf(url: string, project: unknown, bigTrace: string, bigTraceRuns: number): Question[] {
  const page = async (body: Record<string, unknown>): Promise<{ runs: number; next: unknown }> => {
    const answer = await answered(
      await fetch(`${url}/runs/query`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ session: [project], ...body }),
      }),
    );
    const cursors = fieldOf(answer, "cursors");
    return { runs: lengthOf(answer, "runs"), next: fieldOf(cursors, "next") };
  };
  const query = (body: Record<string, unknown>) => async (): Promise<Asked> => ({ runs: (await page(body)).runs });
  const everyPage = (body: Record<string, unknown>) => async (): Promise<Asked> => {
    let [runs, slowest] = [0, 0];
    let cursor: unknown;
    do {
      const started = performance.now();
      const answer = await page({ ...body, ...(cursor ? { cursor } : {}) });
      slowest = Math.max(slowest, performance.now() - started);
      runs += answer.runs;
      cursor = answer.next;
    } while (cursor);
    return { runs, slowest };
  };
  const get = (path: string, list: string) => async (): Promise<Asked> => ({
    runs: lengthOf(await answered(await fetch(`${url}${path}`)), list),
  });
  const traceRuns = (selects: readonly string[]): string => {
    const search = new URLSearchParams({ project_id: String(project) });
    for (const name of selects) search.append("selects", name);
    return `/api/v2/traces/${bigTrace}/runs?${search}`;
  };
  const open = `open ${bigTraceRuns} runs:`;
  return [
    ["list runs", query({})],
    ["list root runs", query({ is_root: true })],
    ["filter: errors", query({ error: true })],
    ["filter: latency, many", query({ filter: 'gt(latency, "5s")' })],
    ["filter: latency, none", query({ filter: 'gt(latency, "50s")' })],
    ["filter: name", query({ filter: 'eq(name, "chain-48")' })],
    ["filter: name, none", query({ filter: 'eq(name, "nobody")' })],
    ["filter: tag", query({ filter: 'has(tags, "experimental")' })],
    ["filter: metadata pair", query({ filter: 'and(eq(metadata_key, "user_id"), eq(metadata_value, "u-77"))' })],
    ["filter: metadata key everywhere", query({ filter: 'eq(metadata_key, "environment")' })],
    ["filter: metadata not", query({ filter: 'neq(metadata_key, "environment")' })],
    ["filter: thread", query({ filter: 'eq(thread_id, "t-200")' })],
    ["filter: tokens of the tree", query({ filter: "gt(total_tokens, 100000)" })],
    [
      "trace_filter and tree_filter",
      query({
        filter: 'eq(run_type, "llm")',
        trace_filter: 'eq(status, "error")',
        tree_filter: 'has(tags, "experimental")',
      }),
    ],
    ["full text: rare word", query({ filter: 'search("q77777")' })],
    ["full text: in most runs", query({ filter: 'search("weather")' })],
    ["full text: phrase", query({ filter: 'search("the tool broke")' })],
    ["full text: none", query({ filter: 'search("zeppelin")' })],
    [`${open} the page`, get(`/page/api/traces/${bigTrace}`, "runs")],
    [`${open} v2, the outline`, get(traceRuns(OUTLINE), "items")],
    [`${open} v2, whole runs`, get(traceRuns(WHOLE), "items")],
    [`${open} v1, the first page`, query({ trace: bigTrace })],
    [`${open} v1, every page`, everyPage({ trace: bigTrace })],
  ];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function lengthOf(answer: unknown, list: string): number {
  const found = fieldOf(answer, list);
  if (!Array.isArray(found)) throw new Error(`the answer holds no ${list}`);
  return found.length;
}
