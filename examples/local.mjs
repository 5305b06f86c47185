// What the examples share: a server to send to, and their own tree read back and held against what it must be.

/**
 * The server that runs are sent to: what `LANGSMITH_ENDPOINT` says, else a local server for as long as the example runs.
 * Everything that is started afterwards finds it in the environment.
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function openServer(project) {
  process.env.LANGSMITH_PROJECT ??= project;
  const given = process.env.LANGSMITH_ENDPOINT;
  if (given) return { url: given, close: async () => {} };
  const { startLocalServer } = await import("otel-langsmith-local");
  const server = await startLocalServer();
  process.env.LANGSMITH_ENDPOINT = server.url;
  return server;
}

/**
 * Every run of the example's project, as soon as `isThere` is content with them.
 * @param {string} url @param {(runs: any[]) => boolean} isThere
 */
export async function readRuns(url, isThere = () => true, timeoutMillis = 20_000) {
  const until = Date.now() + timeoutMillis;
  for (;;) {
    const runs = await readAll(url, process.env.LANGSMITH_PROJECT ?? "default");
    if (isThere(runs) || Date.now() > until) return runs;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readAll(url, project) {
  const [session] = await ask(`${url}/sessions?name=${encodeURIComponent(project)}`);
  if (!session) return [];
  const runs = [];
  let cursor;
  do {
    const page = await ask(`${url}/runs/query`, { session: [session.id], limit: 100, ...(cursor && { cursor }) });
    runs.push(...page.runs);
    cursor = page.cursors?.next;
  } while (cursor);
  return runs.sort((a, b) => (a.dotted_order < b.dotted_order ? -1 : 1));
}

async function ask(address, body) {
  const headers = { "content-type": "application/json", "x-api-key": process.env.LANGSMITH_API_KEY ?? "" };
  const answer = await fetch(address, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** `name(child, child)` for every root, the first started first; a pending run is marked. */
export function treesOf(runs) {
  const ids = new Set(runs.map((run) => run.id));
  const draw = (isChild) =>
    runs.filter(isChild).map((run) => {
      const below = draw((one) => one.parent_run_id === run.id);
      const name = run.end_time ? run.name : `${run.name} [pending]`;
      return below.length > 0 ? `${name}(${below.join(", ")})` : name;
    });
  return draw((run) => !run.parent_run_id || !ids.has(run.parent_run_id));
}

/**
 * Prints the trees and fails the example where they are not what they must be.
 * @param {string} url @param {string[]} expected
 */
export async function expectTrees(url, expected) {
  const isDone = (runs) => treesOf(runs).sort().join() === [...expected].sort().join();
  const runs = await readRuns(url, isDone);
  const trees = treesOf(runs).sort();
  for (const tree of trees) console.log(tree);
  if (isDone(runs)) return runs;
  throw new Error(`The tree is not what it must be:\n${[...expected].sort().join("\n")}`);
}
