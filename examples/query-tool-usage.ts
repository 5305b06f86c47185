// Exports a flat view of traces with the tools used in each: LangSmith's "flattened trace view with child tool usage".
//
//   npx tsx examples/query-tool-usage.ts my-project > traces.jsonl
//
// Against the local server (LANGSMITH_ENDPOINT=http://127.0.0.1:4319) or LangSmith itself: only the address differs.
import { fileURLToPath } from "node:url";
import { Client, type Run } from "langsmith";

/** One trace: its root run, and the tools that were used anywhere in it. */
export interface TraceWithTools {
  readonly run_id: string;
  readonly run_name: string;
  readonly run_type: string;
  readonly inputs: Run["inputs"];
  readonly outputs: Run["outputs"];
  readonly tools_involved: string[];
}

/** How many traces' roots are asked for in one request. */
const BATCH = 50;

/** The traces of the project in which tools ran since `since`. */
export async function exportToolUsage(client: Client, projectName: string, since: Date): Promise<TraceWithTools[]> {
  const toolsByTrace = new Map<string, Set<string>>();
  const rows: Promise<TraceWithTools[]>[] = [];
  let waiting: string[] = [];

  const fetchRoots = async (ids: string[]): Promise<TraceWithTools[]> => {
    const roots: TraceWithTools[] = [];
    for await (const run of client.listRuns({ id: ids, select: ["id", "name", "inputs", "outputs", "run_type"] })) {
      roots.push({
        run_id: run.id,
        run_name: run.name,
        run_type: run.run_type,
        inputs: run.inputs,
        outputs: run.outputs,
        tools_involved: [],
      });
    }
    return roots;
  };

  const toolRuns = client.listRuns({
    projectName,
    startTime: since,
    runType: "tool",
    // No inputs, no outputs: the query is faster without what nobody reads here.
    select: ["trace_id", "name", "run_type"],
  });
  for await (const run of toolRuns) {
    const trace = run.trace_id;
    if (trace === undefined) continue;
    const tools = toolsByTrace.get(trace);
    if (tools) tools.add(run.name);
    else {
      toolsByTrace.set(trace, new Set([run.name]));
      waiting.push(trace);
    }
    // The roots of a batch are fetched while further tool runs come in.
    if (waiting.length === BATCH) {
      rows.push(fetchRoots(waiting));
      waiting = [];
    }
  }
  if (waiting.length > 0) rows.push(fetchRoots(waiting));

  // Only now are the tools of every trace complete.
  return (await Promise.all(rows)).flat().map((row) => ({
    ...row,
    tools_involved: [...(toolsByTrace.get(row.run_id) ?? [])].sort(),
  }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [projectName = "default", days = "30"] = process.argv.slice(2);
  const since = new Date(Date.now() - Number(days) * 24 * 3600 * 1000);
  for (const row of await exportToolUsage(new Client(), projectName, since)) console.log(JSON.stringify(row));
}
