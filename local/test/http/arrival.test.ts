// What clients of every age send: runs that leave their place to the server, other spellings, patches of few words.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { makeRun, multipart, newId, partsOf, query, readJson, sendJson, sendMultipart } from "../support.js";

let server: LocalServer;
let url: string;

beforeAll(async () => {
  server = await startLocalServer();
  url = server.url;
});
afterAll(() => server.close());

const ITSELF = newId();
const read = async (id: string) => readJson(await fetch(`${url}/runs/${id}`));
const bare = (fields: Record<string, unknown> = {}) => ({ name: "bare", run_type: "chain", inputs: {}, ...fields });

async function post(run: Record<string, unknown>): Promise<string> {
  const response = await sendJson(url, "POST", "/runs", run);
  const { id, ...rest } = await readJson(response);
  expect([response.status, rest]).toEqual([202, { message: "Run created" }]);
  return String(id);
}

describe("POST /runs fills in what is missing", () => {
  test("a name, a type and inputs are enough: the id is new, the start is now, and the answer names the id", async () => {
    const before = Date.now();
    const id = await post(bare());
    const run = await read(id);
    expect(run).toMatchObject({ id, trace_id: id, parent_run_id: null, status: "pending" });
    expect(Date.parse(String(run["start_time"]))).toBeGreaterThanOrEqual(before);
    expect(run["dotted_order"]).toBe(`${String(run["start_time"]).replace(/[-:.]/g, "")}${id}`);
  });

  test.each([
    ["a number of milliseconds", 1_795_836_920_899, "2026-11-28T03:35:20.899000Z"],
    ["a number of seconds", 1_795_836_920.5, "2026-11-28T03:35:20.500000Z"],
    ["+00:00", "2026-11-28T03:35:20.123456+00:00", "2026-11-28T03:35:20.123456Z"],
    ["another zone", "2026-11-28T09:05:20+05:30", "2026-11-28T03:35:20.000000Z"],
    ["no zone", "2026-11-28T03:35:20.123456", "2026-11-28T03:35:20.123456Z"],
  ])("a start as %s", async (_name, start_time, expected) => {
    const run = await read(await post(bare({ start_time })));
    expect(run["start_time"]).toBe(expected);
    expect(String(run["dotted_order"])).toMatch(new RegExp(`^${expected.replace(/[-:.]/g, "")}`));
  });

  test("a child by parent_run_id alone stands under its parent, in its trace and project, never before it", async () => {
    const root = await post(bare({ start_time: "2026-11-28T03:35:20.5Z", session_name: "alone" }));
    const child = await post(bare({ parent_run_id: root, start_time: "2026-11-28T03:35:20.4" }));
    const grandchild = await post(bare({ parent_run_id: child }));
    const [top, middle, low] = [await read(root), await read(child), await read(grandchild)];
    expect(middle).toMatchObject({ trace_id: root, parent_run_id: root, session_id: top["session_id"] });
    expect(middle["dotted_order"]).toBe(`${top["dotted_order"]}.20261128T033520500000Z${child}`);
    expect(low).toMatchObject({ trace_id: root, parent_run_ids: [root, child] });
    expect(top["child_run_ids"]).toEqual([child, grandchild]);
  });

  test("a child that comes before its parent is put right when the parent comes, sums and all", async () => {
    const [top, middle, low] = [randomUUID(), randomUUID(), randomUUID()];
    const outputs = { usage_metadata: { input_tokens: 2, output_tokens: 3, total_tokens: 5 } };
    const end_time = "2026-11-28T03:35:22Z";
    await post(bare({ id: low, parent_run_id: middle, start_time: "2026-11-28T03:35:21Z", end_time, outputs }));
    await post(bare({ id: middle, parent_run_id: top, start_time: "2026-11-28T03:35:20Z", session_name: "late" }));
    await post(bare({ id: top, start_time: "2026-11-28T03:35:19Z", session_name: "late" }));
    const root = await read(top);
    expect(root).toMatchObject({ trace_id: top, total_tokens: 5, child_run_ids: [middle, low] });
    expect(await read(middle)).toMatchObject({ trace_id: top, total_tokens: 5, parent_run_ids: [top] });
    expect(await read(low)).toMatchObject({
      trace_id: top,
      parent_run_ids: [top, middle],
      session_id: root["session_id"],
    });
    expect(await query(url, { trace: top })).toHaveLength(3);
  });

  test("a trace_id without an order is a root's own, or hangs the run under that root", async () => {
    const root = randomUUID();
    await post(bare({ id: root, trace_id: root }));
    const child = await read(await post(bare({ trace_id: root })));
    expect(child).toMatchObject({ trace_id: root, parent_run_id: root });
  });

  test("an order alone says id, trace, parent and start", async () => {
    const root = makeRun();
    const { dotted_order, id, trace_id, parent_run_id, start_time } = makeRun({ parent: root, at: 5 });
    await post(root);
    await post(bare({ dotted_order }));
    expect(await read(id)).toMatchObject({ trace_id, parent_run_id, start_time, dotted_order });
  });

  test.each([
    ["no name", { run_type: "chain" }, 422],
    ["no type", { name: "x" }, 422],
    ["a start that is no time", bare({ start_time: "soon" }), 422],
    ["an id that is none", bare({ id: "7" }), 422],
    ["a parent that is no id", bare({ parent_run_id: "7" }), 422],
    ["itself for a parent", bare({ id: ITSELF, parent_run_id: ITSELF }), 400],
  ])("what cannot be filled in is refused: %s", async (_name, run, status) => {
    expect((await sendJson(url, "POST", "/runs", run)).status).toBe(status);
  });
});

describe("ids in every spelling", () => {
  const spellings: [string, (id: string) => string][] = [
    ["without dashes", (id) => id.replaceAll("-", "")],
    ["in capitals", (id) => id.toUpperCase()],
    ["in braces", (id) => `{${id}}`],
    ["as a URN", (id) => `urn:uuid:${id}`],
  ];

  test.each(spellings)("%s, an id is the same run's, wherever it stands", async (_name, spell) => {
    const [id, child, project] = [randomUUID(), randomUUID(), `spelled ${randomUUID()}`];
    await post(bare({ id: spell(id), start_time: "2026-11-28T03:35:20.123456", session_name: project }));
    await post(bare({ id: spell(child), parent_run_id: spell(id) }));
    const patch = await sendJson(url, "PATCH", `/runs/${encodeURIComponent(spell(child))}`, { end_time: Date.now() });
    expect(patch.status).toBe(202);
    const stored = await readJson(await fetch(`${url}/runs/${encodeURIComponent(spell(child))}`));
    expect(stored).toMatchObject({ id: child, trace_id: id, parent_run_id: id, status: "success" });
    expect(await query(url, { trace: spell(id) })).toHaveLength(2);
    expect(await query(url, { id: [spell(id)] })).toHaveLength(1);
    expect(await query(url, { filter: `eq(parent_run_id, "${spell(id)}")` })).toHaveLength(1);
    expect(await query(url, { session: [spell(String(stored["session_id"]))] })).toHaveLength(2);
    const feedback = await sendJson(url, "POST", "/feedback", { run_id: spell(id), key: "k", score: 1 });
    expect(await readJson(feedback)).toMatchObject({ run_id: id, trace_id: id });
  });

  test.each(spellings.slice(0, 2))(
    "%s, a whole order and the parts of a multipart body are read",
    async (_name, spell) => {
      const root = makeRun({ inputs: { a: 1 } });
      const { id } = root;
      const order = root.dotted_order.replace(id, spell(id));
      const sent = { ...root, id: spell(id), trace_id: spell(id), dotted_order: order };
      expect((await sendMultipart(url, { post: [sent] })).status).toBe(202);
      expect(await read(id)).toMatchObject({ dotted_order: root.dotted_order, trace_id: id, inputs: { a: 1 } });
    },
  );
});

describe("patches", () => {
  test("a patch without name, type and start is taken, in JSON and in multipart, and its nulls change nothing", async () => {
    const fields = { seconds: null, tags: ["t"], extra: { metadata: { k: "v" } } };
    for (const send of [
      (patch: ReturnType<typeof makeRun>) => sendMultipart(url, { patch: [patch] }),
      (patch: ReturnType<typeof makeRun>) => sendJson(url, "POST", "/runs/batch", { patch: [patch] }),
    ]) {
      const root = makeRun();
      const child = makeRun({ parent: root, name: "child", ...fields });
      await sendMultipart(url, { post: [root, child] });
      const { id, trace_id, dotted_order } = child;
      const nothing = { name: null, run_type: null, tags: null, extra: null, session_id: null, session_name: null };
      const patch = {
        id,
        trace_id,
        dotted_order,
        parent_run_id: null,
        ...nothing,
        end_time: "2026-01-15T12:00:09+00:00",
      };
      expect((await send({ ...patch, outputs: { a: 1 } })).status).toBe(202);
      expect(await read(id)).toMatchObject({
        name: "child",
        status: "success",
        outputs: { a: 1 },
        tags: ["t"],
        extra: { metadata: { k: "v" } },
        parent_run_id: root.id,
      });
    }
  });

  test("a short patch that comes before its post is kept, and the post says the rest", async () => {
    const run = makeRun({ seconds: null, name: "late", run_type: "tool", session_name: "its project" });
    const { id, trace_id, dotted_order } = run;
    expect((await sendMultipart(url, { patch: [{ id, trace_id, dotted_order, outputs: { a: 1 } }] })).status).toBe(202);
    expect((await sendMultipart(url, { post: [run] })).status).toBe(202);
    const stored = await read(id);
    expect(stored).toMatchObject({ name: "late", run_type: "tool", outputs: { a: 1 }, start_time: run["start_time"] });
    const project = await readJson(await fetch(`${url}/sessions/${stored["session_id"]}`));
    expect(project["name"]).toBe("its project");
  });

  test.each(["multipart", "batch"])("two patches of one run in one %s request cost no neighbour", async (kind) => {
    const [run, innocent] = [makeRun({ seconds: null }), makeRun()];
    const first = makeRun({ id: run.id, error: "Cancelled" });
    const second = makeRun({ id: run.id, outputs: { chunks: 2 } });
    const body = multipart(partsOf({ post: [run, innocent], patch: [first, second] }));
    const response =
      kind === "multipart"
        ? await fetch(`${url}/runs/multipart`, { method: "POST", ...body })
        : await sendJson(url, "POST", "/runs/batch", { post: [run, innocent], patch: [first, second] });
    expect(response.status).toBe(202);
    expect(await read(innocent.id)).toMatchObject({ status: "success" });
    expect(await read(run.id)).toMatchObject({ status: "error", error: "Cancelled", outputs: { chunks: 2 } });
    // A second patch in another request is what it was.
    expect((await sendMultipart(url, { patch: [second] })).status).toBe(409);
  });
});

test("fields that newer clients send are kept and given back, and an address names the project", async () => {
  const address = "lrn:agents/support/environments/local";
  const { session_name, ...run } = makeRun({ address, extend_trace_retention: false, seconds: null });
  expect((await sendMultipart(url, { post: [run] })).status).toBe(202);
  await sendJson(url, "PATCH", `/runs/${run.id}`, { end_time: Date.now() });
  const stored = await read(run.id);
  expect(stored).toMatchObject({ address, extend_trace_retention: false });
  expect(await query(url, { id: [run.id] })).toMatchObject([{ address }]);
  const found = await fetch(`${url}/api/v1/sessions/resolutions?kind=AGENT&id=support&environment=LOCAL`);
  expect(await readJson(found)).toEqual({ session_id: stored["session_id"] });
  const feedback = {
    run_id: run.id,
    key: "k",
    score: 1,
    extend_trace_retention: true,
    address,
    feedback_config: { a: 1 },
  };
  const { id } = await readJson(await sendJson(url, "POST", "/feedback", feedback));
  expect(await readJson(await fetch(`${url}/feedback/${id}`))).toMatchObject(feedback);
});
