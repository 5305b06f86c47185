// Reads the demo's trace back from the server, as anyone can: the REST interface of LangSmith, nothing of ours.

/**
 * @typedef {object} TracedRun
 * @property {string} id
 * @property {string} trace_id
 * @property {string | null} [parent_run_id]
 * @property {string} dotted_order
 * @property {string} name
 * @property {string} run_type
 * @property {string} status
 * @property {string | null} [error]
 * @property {string} start_time
 * @property {string | null} [end_time]
 * @property {number | null} [total_tokens]
 * @property {Record<string, unknown> | null} [outputs]
 * @property {{ metadata?: Record<string, unknown> } | null} [extra]
 */

/** @typedef {{ run: TracedRun, children: Node[] }} Node */

/**
 * Every run of a project, the first started first.
 * @param {string} server @param {string} project @returns {Promise<TracedRun[]>}
 */
export async function readRuns(server, project) {
  const sessions = await ask(`${server}/sessions?name=${encodeURIComponent(project)}`);
  const session = Array.isArray(sessions) ? sessions[0]?.id : undefined;
  if (session === undefined) return [];
  /** @type {TracedRun[]} */
  const runs = [];
  let cursor;
  do {
    const page = await ask(`${server}/runs/query`, { session: [session], limit: 100, ...(cursor && { cursor }) });
    runs.push(...page.runs);
    cursor = page.cursors?.next;
  } while (cursor);
  return runs.sort((a, b) => (a.dotted_order < b.dotted_order ? -1 : 1));
}

/**
 * The runs as trees: what has no parent, or one that is not there, is a root.
 * @param {TracedRun[]} runs
 */
export function treesOf(runs) {
  /** @type {Map<string, Node>} */
  const nodes = new Map(runs.map((run) => [run.id, { run, children: [] }]));
  /** @type {Node[]} */
  const roots = [];
  for (const node of nodes.values()) {
    const parent = node.run.parent_run_id ? nodes.get(node.run.parent_run_id) : undefined;
    (parent?.children ?? roots).push(node);
  }
  return roots;
}

/**
 * A run's own usage; only model runs have one, their wrappers repeat it at most as other metadata.
 * @param {TracedRun} run
 */
export function usageOf(run) {
  const usage = run.outputs?.["usage_metadata"] ?? run.extra?.metadata?.["usage_metadata"];
  if (typeof usage !== "object" || usage === null) return { input: 0, output: 0 };
  /** @param {unknown} value */
  const count = (value) => (typeof value === "number" ? value : 0);
  return {
    input: count(Reflect.get(usage, "input_tokens")),
    output: count(Reflect.get(usage, "output_tokens")),
  };
}

/** The service that made a run. @param {TracedRun} run */
export function serviceOf(run) {
  return String(run.extra?.metadata?.["service.name"] ?? "unknown service");
}

/** @param {string} url @param {unknown} [body] @returns {Promise<any>} */
async function ask(url, body) {
  const answer = await fetch(url, {
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    headers: { "content-type": "application/json" },
  });
  if (!answer.ok) throw new Error(`The local server answered ${answer.status} to ${url}: ${await answer.text()}`);
  return answer.json();
}
