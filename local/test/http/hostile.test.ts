// Strings and shapes that nobody sends by accident: taken or refused, but never a failure of the server.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { detailOf, ingest, makeRun, query, readJson, sendJson, sendMultipart } from "../support.js";

let server: LocalServer;
const errors: unknown[] = [];
beforeAll(async () => {
  server = await startLocalServer({ onError: (error) => errors.push(error) });
});
afterAll(() => server.close());

const anyString = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "\ud800",
    "a\udc00b",
    "\u0000",
    "a\u0000b",
    '"',
    "'",
    "\\",
    "%_",
    "*",
    "()",
    "NEAR(a b)",
    "a AND",
    "-x",
    "^",
    "日本語のテキスト",
    "é",
    "İ",
  ),
);

test("any string is taken anywhere in a run, found again, and read back", async () => {
  await fc.assert(
    fc.asyncProperty(anyString, anyString, async (one, two) => {
      const run = makeRun({
        name: one || "x",
        error: two || "y",
        inputs: { [one]: two, list: [one, [two]] },
        outputs: { text: one },
        tags: [one, two],
        extra: { metadata: { [two]: one, thread_id: one } },
      });
      await ingest(server.url, [run]);
      const stored = await readJson(await fetch(`${server.url}/runs/${run.id}`));
      expect(stored["inputs"]).toEqual(run["inputs"]);
      expect(stored["tags"]).toEqual(run["tags"]);
      const found = async (filter: string) => (await query(server.url, { trace: run.id, filter })).length;
      expect(await found(`has(tags, ${JSON.stringify(two)})`)).toBe(1);
      expect(
        await found(`and(eq(metadata_key, ${JSON.stringify(two)}), eq(metadata_value, ${JSON.stringify(one)}))`),
      ).toBe(1);
      // Whatever it finds, it answers.
      await found(`search(${JSON.stringify(one)})`);
      await found(`and(eq(metadata_key, "k"), search(metadata_value, ${JSON.stringify(two)}))`);
      await found(`neq(name, ${JSON.stringify(two)})`);
      expect(errors).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("any text as a filter is answered, or refused with the place", async () => {
  const pieces = fc.constantFrom(
    "and(",
    "or(",
    "not(",
    "eq(",
    "in(",
    "search(",
    "has(",
    "name",
    "tags",
    "metadata_key",
    ",",
    ")",
    "[",
    "]",
    '"a"',
    "'",
    "null",
    "1e400",
    "-",
    "\\",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(pieces, anyString), { maxLength: 12 }), async (parts) => {
      const response = await sendJson(server.url, "POST", "/runs/query", { filter: parts.join("") });
      const body = await readJson(response);
      if (response.status !== 200)
        expect([response.status, body["detail"]]).toEqual([400, expect.stringMatching(/^filter, position \d+: /)]);
    }),
    { numRuns: 150 },
  );
  expect(errors).toEqual([]);
});

test("a filter nested without end is refused", async () => {
  const response = await sendJson(server.url, "POST", "/runs/query", { filter: `${"not(".repeat(9000)}eq(name, "a")` });
  expect(response.status).toBe(400);
});

test("JSON nested without end is refused or taken, and costs nobody else anything", async () => {
  const deep = `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`;
  const run = JSON.stringify(makeRun()).replace(/}$/, `,"inputs":${deep}}`);
  const response = await fetch(`${server.url}/runs`, { method: "POST", body: run });
  expect([202, 422]).toContain(response.status);
  const next = makeRun();
  expect((await sendMultipart(server.url, { post: [next] })).status).toBe(202);
  expect(errors).toEqual([]);
});

test.each([1e30, -1e18, 253_402_300_800_000])(
  "a time that no calendar has is refused, and no list is lost to it: %d",
  async (time) => {
    const run = makeRun({ session_name: `times ${time}` });
    await ingest(server.url, [run]);
    const [project] = (await (
      await fetch(`${server.url}/sessions?name=${encodeURIComponent(`times ${time}`)}`)
    ).json()) as { id: string }[];
    const late = { ...makeRun({ session_name: `times ${time}` }), end_time: time };
    for (const [method, path, body] of [
      ["PATCH", `/sessions/${project?.id}`, { end_time: time }],
      ["POST", "/sessions", { name: `late ${time}`, start_time: time }],
      ["POST", "/feedback", { run_id: run.id, key: "k", created_at: time }],
      ["POST", "/runs", late],
      ["POST", "/runs/group", { session_id: project?.id, group_by: "conversation", offset: 1e30 }],
      ["POST", "/runs/query", { session: [project?.id], start_time: time }],
    ] as const) {
      expect([path, (await sendJson(server.url, method, path, body)).status]).toEqual([path, 422]);
    }
    for (const path of ["/sessions", `/feedback?run=${run.id}`]) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(200);
    }
    expect(await query(server.url, { session: [project?.id] })).toHaveLength(1);
    expect(errors).toEqual([]);
  },
);

test("a name that every object has is no statistic and no field", async () => {
  await ingest(server.url, [makeRun({ session_name: "names", extra: { metadata: { thread_id: "t" } } })]);
  const [project] = (await (await fetch(`${server.url}/sessions?name=names`)).json()) as { id: string }[];
  const id = project?.id;
  for (const path of [
    `/api/v2/threads/t/stats?session_id=${id}&selects=constructor`,
    `/api/v2/threads/t/traces?project_id=${id}&selects=constructor`,
    `/runs/threads/t?session_id=${id}&select=constructor`,
    "/sessions?sort_by=constructor",
  ]) {
    expect([path, (await fetch(`${server.url}${path}`)).status]).toEqual([path, 422]);
  }
  const stats = await sendJson(server.url, "POST", "/runs/stats", { session: [id], select: ["constructor"] });
  expect(stats.status).toBe(422);
});

test.each([
  ["PUT", "/runs", "POST"],
  ["DELETE", "/runs/query", "GET, POST, PATCH"],
  ["POST", "/info", "GET"],
  ["POST", "/api/v2/sessions", "GET"],
  ["OPTIONS", "/runs", "POST"],
])("%s %s is 405, and says what there is: %s", async (method, path, allowed) => {
  const response = await fetch(server.url + path, { method });
  expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
});

test("HEAD answers as GET does, without a body", async () => {
  for (const path of ["/", "/info", "/sessions"]) {
    const response = await fetch(server.url + path, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  }
});

test("a slash at the end of a path changes nothing", async () => {
  const run = makeRun();
  expect((await sendJson(server.url, "POST", "/runs/batch/", { post: [run] })).status).toBe(202);
  for (const path of ["/info/", "/api/v1/sessions/", `/runs/${run.id}/`]) {
    expect([path, (await fetch(server.url + path)).status]).toEqual([path, 200]);
  }
});

test.each(["tomorrow", "", true, {}, "2026-02-30T00:00:00Z", 1e300])(
  "a start that is none is named, not what was to follow from it: %j",
  async (start_time) => {
    const response = await sendJson(server.url, "POST", "/runs", { name: "a", run_type: "llm", start_time });
    expect([response.status, await detailOf(response)]).toEqual([
      422,
      expect.stringMatching(/: start_time must be a time/),
    ]);
  },
);

test.each(["{", "[]", "1"])("projects are not listed by metadata that is no object: %s", async (metadata) => {
  expect((await fetch(`${server.url}/sessions?metadata=${encodeURIComponent(metadata)}`)).status).toBe(422);
});
