// Filters that would keep the server busy: refused with a sentence that names the bound, or stopped in time.
import { get } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { objectOf } from "../../src/json.js";
import { detailOf, ingest, makeRun, namesOf, readJson, sendJson } from "../support.js";

let server: LocalServer;
let url: string;

beforeAll(async () => {
  server = await startLocalServer();
  url = server.url;
  await ingest(url, [makeRun({ name: "one", inputs: { a: "hello" }, error: "it broke" }), makeRun({ name: "two" })]);
});
afterAll(() => server.close());

const many = (op: string, test: (index: number) => string, count: number): string =>
  `${op}(${Array.from({ length: count }, (_, index) => test(index)).join(", ")})`;

const WIDE: [string, string, string][] = [
  ["a latency of 60,000 digits", `gt(latency, "${"1".repeat(60_000)}")`, "latency takes"],
  ["a latency of digits and no unit", `gt(latency, "${"1".repeat(30_000)} ${" ".repeat(30_000)}!")`, "latency takes"],
  ["a search of 30,000 words", `search("${"a ".repeat(30_000)}")`, "at most 1000 characters"],
  ["a search of one field", `search(inputs, "${"a ".repeat(30_000)}")`, "at most 1000 characters"],
  [
    "a value that is searched",
    `and(eq(metadata_key, "k"), search(metadata_value, "${"%_".repeat(20_000)}"))`,
    "at most 1000",
  ],
  ["2,000 tests of a name", many("or", (i) => `eq(name, "n${i}")`, 2000), "at most 200 tests"],
  ["1,000 keys", many("and", (i) => `eq(metadata_key, "k${i}")`, 1000), "at most 200 tests"],
  ["21 searches", many("or", (i) => `search("w${i}")`, 21), "at most 20 searches"],
  ["21 tests that read", many("or", (i) => `and(eq(input_key, "a"), gt(input_value, "${i}"))`, 21), "at most 20 tests"],
  ["21 tests of errors", many("or", (i) => `eq(error, "${i}")`, 21), "at most 20 tests"],
  ["a tower", `${"not(".repeat(60)}eq(name, "x")${")".repeat(60)}`, "at most 50 deep"],
];

test.each(WIDE)("%s is a 400 that says which bound, at once", async (_name, filter, sentence) => {
  for (const argument of ["filter", "trace_filter", "tree_filter"]) {
    const began = performance.now();
    const response = await sendJson(url, "POST", "/runs/query", { [argument]: filter });
    expect([response.status, await detailOf(response)]).toEqual([400, expect.stringContaining(sentence)]);
    expect(performance.now() - began).toBeLessThan(1000);
  }
});

test("what stays below the bounds is answered", async () => {
  const filters = [
    many("or", (i) => `eq(name, "${i === 150 ? "one" : i}")`, 200),
    many("or", (i) => `search("${i === 10 ? "hello" : `w${i}`}")`, 20),
    many("or", (i) => `and(eq(input_key, "a"), gt(input_value, "${i === 3 ? "hell" : "z"}"))`, 20),
  ];
  for (const filter of filters) expect(await namesOf(url, { filter })).toEqual(["one"]);
});

test.each([
  ["/runs/query", (deep: string) => `{"filter": ${deep}}`],
  ["/runs/query", (deep: string) => `{"session": ${deep}}`],
  ["/runs/stats", (deep: string) => `{"select": ${deep}}`],
  ["/api/v2/runs/query", (deep: string) => `{"project_ids": ${deep}}`],
  ["/api/v2/runs/query", (deep: string) => `{"selects": [${deep}]}`],
  ["/runs", (deep: string) => `{"name": "x", "run_type": "llm", "inputs": {"a": ${deep}}}`],
  ["/runs", (deep: string) => `{"name": "x", "run_type": ${deep}}`],
  ["/runs/batch", (deep: string) => `{"post": ${deep}}`],
  ["/feedback", (deep: string) => `{"key": "k", "run_id": "00000000-0000-4000-8000-000000000001", "value": ${deep}}`],
  ["/sessions", (deep: string) => `{"name": "deep", "extra": {"a": ${deep}}}`],
  ["/feedback/tokens", (deep: string) => `{"run_id": ${deep}}`],
])("JSON nested a million deep is refused by %s, never a failure", async (path, bodyOf) => {
  const body = bodyOf("[".repeat(1_000_000) + "]".repeat(1_000_000));
  const response = await fetch(url + path, { method: "POST", body });
  expect([400, 413, 422]).toContain(response.status);
  expect(await detailOf(response)).toMatch(/\S/);
});

const SLOW = [
  'and(eq(metadata_key, "k"), search(metadata_value, "zzz"))',
  'and(eq(input_key, "b"), gt(input_value, "zzz"))',
  'eq(error, "zzz")',
];

test.each(SLOW)("a query that takes longer than its time is stopped with a 400: %s", async (filter) => {
  const impatient = await startLocalServer({ maxQueryMillis: 0.001 });
  await ingest(impatient.url, [makeRun({ name: "one" })]);
  const asks: [string, string, unknown?][] = [
    ["POST", "/runs/query", { filter }],
    ["POST", "/runs/query", { tree_filter: filter }],
    ["POST", "/runs/query", { trace_filter: filter }],
    ["POST", "/runs/stats", { filter }],
    ["GET", `/page/api/traces?filter=${encodeURIComponent(filter)}`],
    ["GET", "/sessions?include_stats=true"],
  ];
  for (const [method, path, body] of asks) {
    const response = await sendJson(impatient.url, method, path, body);
    expect([path, response.status, await detailOf(response)]).toEqual([
      path,
      400,
      expect.stringContaining("was stopped"),
    ]);
  }
  expect((await fetch(`${impatient.url}/ok`)).status).toBe(200);
  await impatient.close();
});

test("what reads every run finds the same, page by page, in both orders, as runs of a tree and in statistics", async () => {
  const large = await startLocalServer();
  const roots = Array.from({ length: 2500 }, (_, index) =>
    makeRun({ name: `r${index}`, at: index, inputs: { n: index, even: index % 2 === 0 ? "yes" : "no" } }),
  );
  await ingest(large.url, roots);
  const filter = 'and(eq(input_key, "n"), gte(input_value, 1000), lt(input_value, 1150))';
  const ask = async (path: string, body: unknown) => readJson(await sendJson(large.url, "POST", path, body));
  const names = (page: Record<string, unknown>) => (Array.isArray(page["runs"]) ? page["runs"] : []).map((r) => r.name);
  const next = (page: Record<string, unknown>) => objectOf(page["cursors"])?.["next"];
  for (const order of ["asc", "desc"]) {
    const first = await ask("/runs/query", { filter, order });
    const second = await ask("/runs/query", { filter, order, cursor: next(first) });
    const expected = Array.from({ length: 150 }, (_, index) => `r${1000 + index}`);
    expect([...names(first), ...names(second)]).toEqual(order === "asc" ? expected : expected.toReversed());
    expect(next(second)).toBeNull();
  }
  for (const argument of ["filter", "tree_filter", "trace_filter"]) {
    expect(await ask("/runs/stats", { [argument]: filter })).toMatchObject({ run_count: 150 });
  }
  await large.close();
});

test.each([
  [{ Origin: "https://evil.example" }],
  [{ Origin: "null" }],
  [{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }],
  [{ "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors" }],
])("the page of another site cannot ask either: %j", async (headers) => {
  for (const path of ["/page/api/traces?filter=eq(name,1)", "/sessions?include_stats=true", "/runs/x"]) {
    expect((await fetch(url + path, { headers })).status).toBe(403);
  }
});

// Not by fetch, which says its own mode.
const navigate = (path: string, dest: string): Promise<unknown> => {
  const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": dest };
  return new Promise((resolve) => get(url + path, { headers }, (response) => resolve(response.resume().statusCode)));
};

test.each(["/", "/traces/x", "/o/x/projects/p/y/r/z"])(
  "a link from another site to the page %s is followed",
  async (path) => {
    expect(await navigate(path, "document")).not.toBe(403);
  },
);

test.each([
  ["/", "iframe"],
  ["/", "object"],
  ["/page/api/traces", "iframe"],
  ["/page/api/traces", "document"],
  ["/sessions", "document"],
])("another site cannot have %s loaded into a frame, nor a query into a window: %s", async (path, dest) => {
  expect(await navigate(path, dest)).toBe(403);
});
