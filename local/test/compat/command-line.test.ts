// The requests of LangSmith's own command line (`langsmith project|trace|run|thread`), a program in Go: it asks for
// projects by `/api/v1/sessions` and for everything else by `/api/v1/runs/query`, with these arguments.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { ingest, makeRun, query, SECOND, sendJson } from "../support.js";

let server: LocalServer;
let session: string[];
const thread = { metadata: { thread_id: "a thread", revision_id: "abc" } };
const root = makeRun({ name: "a turn", extra: thread, tags: ["prod"], seconds: 9 });
const failed = makeRun({ name: "another turn", extra: thread, at: SECOND, error: "it broke" });
const model = makeRun({ parent: root, name: "a model", run_type: "llm", at: 2 * SECOND });

beforeAll(async () => {
  server = await startLocalServer();
  await ingest(server.url, [root, failed, model]);
  const projects: unknown = await (await fetch(`${server.url}/api/v1/sessions?limit=1&name=tests`)).json();
  session = Array.isArray(projects) ? projects.map(({ id }) => String(id)) : [];
});
afterAll(() => server.close());

test("lists projects with their statistics, page by page", async () => {
  const list = async (offset: number): Promise<unknown> => {
    const search = `limit=100&offset=${offset}&reference_free=true&include_stats=true&name_contains=test`;
    return (await fetch(`${server.url}/api/v1/sessions?${search}`)).json();
  };
  expect(await list(0)).toMatchObject([{ name: "tests", run_count: 3, error_rate: 1 / 3 }]);
  expect(await list(100)).toEqual([]);
});

const all = [root.id, failed.id, model.id];
const base = "id trace_id name run_type parent_run_id start_time end_time status extra".split(" ");
const numbers = "prompt_tokens completion_tokens total_tokens prompt_cost completion_cost total_cost tags".split(" ");

test.each([
  ["trace list", { is_root: true, order: "desc", limit: 20 }, [failed.id, root.id]],
  [
    "trace list --full",
    { trace: root.id, order: "asc", select: [...base, ...numbers, "inputs", "outputs", "error"] },
    [root.id, model.id],
  ],
  ["trace get", { trace: root.id, start_time: "2026-01-10T00:00:00Z", order: "asc" }, [root.id, model.id]],
  [
    "run get",
    { id: [model.id], limit: 1, start_time: "2026-01-10T00:00:00Z", select: [...base, "feedback_stats"] },
    [model.id],
  ],
  ["run list --run-type llm", { run_type: "llm", order: "desc", limit: 50 }, [model.id]],
  ["--error", { error: true, order: "desc" }, [failed.id]],
  ["--no-error", { error: false, order: "desc" }, [model.id, root.id]],
  ["--trace-ids", { filter: `in(trace_id, ["${root.id}", "${failed.id}"])`, order: "asc" }, all.toSorted()],
  ["--name", { filter: 'search(name, "model")' }, [model.id]],
  ["--min-latency, --max-latency", { filter: "and(gte(latency, 5), lte(latency, 10.5))" }, [root.id]],
  ["--tags", { filter: 'or(has(tags, "prod"), has(tags, "other"))' }, [root.id]],
  ["--metadata", { filter: 'and(eq(metadata_key, "revision_id"), eq(metadata_value, "abc"))' }, [failed.id, root.id]],
  ["thread list", { is_root: true, limit: 100, start_time: "2026-01-10T00:00:00Z" }, [failed.id, root.id]],
  ["thread get", { is_root: true, limit: 100, filter: 'eq(thread_id, "a thread")' }, [failed.id, root.id]],
])("%s is answered", async (_, body, ids) => {
  const found = await query(`${server.url}/api/v1`, { session, ...body });
  expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
});

test("a cursor leads on, until there is none", async () => {
  const page = async (cursor?: string) => {
    const body = { session, is_root: true, limit: 1, ...(cursor ? { cursor } : {}) };
    return (await sendJson(server.url, "POST", "/api/v1/runs/query", body)).json();
  };
  const first: unknown = await page();
  expect(first).toMatchObject({ runs: [{ id: failed.id }], cursors: { next: expect.any(String) } });
  const next: unknown = Reflect.get(Reflect.get(Object(first), "cursors"), "next");
  expect(await page(String(next))).toMatchObject({ runs: [{ id: root.id }], cursors: { next: null } });
});
