// Strings and shapes that nobody sends by accident: taken or refused, but never a failure of the server.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { ingest, makeRun, query, readJson, sendJson, sendMultipart } from "../support.js";

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
