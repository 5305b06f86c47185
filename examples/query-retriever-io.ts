// Exports what retrievers were asked and found, for traces with feedback: LangSmith's "retriever IO for traces with
// feedback", for fine-tuning embeddings or for finding out why answers were bad.
//
//   npx tsx examples/query-retriever-io.ts my-project user_score > retrievers.jsonl
//
// Against the local server (LANGSMITH_ENDPOINT=http://127.0.0.1:4319) or LangSmith itself: only the address differs.
import { fileURLToPath } from "node:url";
import { Client } from "langsmith";

/** One trace: its root run flat, the feedback on it, and its retrievers' inputs and outputs, key by key. */
export type RetrieverRow = { readonly run_id: string; readonly run_name: string } & Record<string, unknown>;

/** How many traces' roots are asked for in one request. */
const BATCH = 50;

/** The traces since `since` that have retrievers and whose root was given feedback under the key. */
export async function exportRetrieverIo(
  client: Client,
  projectName: string,
  since: Date,
  feedbackKey: string,
): Promise<RetrieverRow[]> {
  const ioByTrace = new Map<string, Record<string, unknown[]>>();
  const rows: Promise<RetrieverRow[]>[] = [];
  let waiting: string[] = [];

  const fetchRoots = async (ids: string[]): Promise<RetrieverRow[]> => {
    const roots: RetrieverRow[] = [];
    const select = ["id", "name", "inputs", "outputs", "run_type", "feedback_stats"];
    for await (const run of client.listRuns({ id: ids, select })) {
      const feedback = Object.entries(run.feedback_stats ?? {}).map(([key, stat]) => [`feedback.${key}`, stat["avg"]]);
      roots.push({
        run_id: run.id,
        run_name: run.name,
        ...prefixed("inputs", run.inputs),
        ...prefixed("outputs", run.outputs),
        ...Object.fromEntries(feedback),
      });
    }
    return roots;
  };

  const retrieverRuns = client.listRuns({
    projectName,
    startTime: since,
    runType: "retriever",
    // Their inputs too: a query may have been rewritten on its way to the retriever.
    select: ["trace_id", "name", "run_type", "inputs", "outputs"],
    traceFilter: `eq(feedback_key, ${JSON.stringify(feedbackKey)})`,
  });
  for await (const run of retrieverRuns) {
    const trace = run.trace_id;
    if (trace === undefined) continue;
    let io = ioByTrace.get(trace);
    if (!io) {
      io = {};
      ioByTrace.set(trace, io);
      waiting.push(trace);
    }
    for (const [key, value] of Object.entries(run.inputs)) append(io, `retriever.inputs.${key}`, [value]);
    for (const [key, value] of Object.entries(run.outputs ?? {})) {
      append(io, `retriever.outputs.${key}`, Array.isArray(value) ? value : [value]);
    }
    if (waiting.length === BATCH) {
      rows.push(fetchRoots(waiting));
      waiting = [];
    }
  }
  if (waiting.length > 0) rows.push(fetchRoots(waiting));

  return (await Promise.all(rows)).flat().map((row) => ({ ...row, ...ioByTrace.get(row.run_id) }));
}

function prefixed(prefix: string, values: Record<string, unknown> | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [`${prefix}.${key}`, value]));
}

function append(io: Record<string, unknown[]>, key: string, values: readonly unknown[]): void {
  io[key] = [...(io[key] ?? []), ...values];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [projectName = "default", feedbackKey = "user_score", days = "1"] = process.argv.slice(2);
  const since = new Date(Date.now() - Number(days) * 24 * 3600 * 1000);
  for (const row of await exportRetrieverIo(new Client(), projectName, since, feedbackKey)) {
    console.log(JSON.stringify(row));
  }
}
