// Every query of LangSmith's page "Query traces", through the real client: with runs that match and runs that must not.
import { Client } from "langsmith";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { ingest, makeRun, newId, SECOND, sendJson, T0, type TestRun } from "../support.js";

const PROJECT = "the page";
const CONVERSATION = "a1b2c3d4-e5f6-7890";
let server: LocalServer;
let client: Client;

function run(name: string, options: Parameters<typeof makeRun>[0] = {}): TestRun {
  return makeRun({ name, session_name: PROJECT, ...options });
}

const withMetadata = (metadata: Record<string, unknown>) => ({ extra: { metadata } });

const scored = run("agent", { at: 10 * SECOND, run_type: "chain" });
const unscored = run("agent-2", { at: 20 * SECOND });
const zeroScored = run("zero-scored", { at: 30 * SECOND });
const yesterday = formatNow(-3600);
const dataset: TestRun[] = [
  scored,
  run("extractor", { parent: scored, at: 11 * SECOND }),
  run("RetrieveDocs", { parent: scored, at: 11 * SECOND, run_type: "retriever" }),
  run("ExpandQuery", { parent: scored, at: 11 * SECOND }),
  unscored,
  run("extractor", { parent: unscored, at: 21 * SECOND, id: newId(), tags: ["other root"] }),
  run("RetrieveDocs", { parent: unscored, at: 21 * SECOND, run_type: "retriever", tags: ["other root"] }),
  zeroScored,
  run("RetrieveDocs", { parent: zeroScored, at: 31 * SECOND, run_type: "retriever", tags: ["no expansion"] }),
  run("failed", { at: 40 * SECOND, error: "ValueError: bad" }),
  run("old", { at: -1000 * 24 * 3600 * SECOND, error: "old error" }),
  run("slow", { at: 50 * SECOND, seconds: 6, tags: ["experimental"] }),
  run("fast-experimental", { at: 51 * SECOND, seconds: 1.9, tags: ["experimental"] }),
  run("slow-beta", { at: 52 * SECOND, seconds: 2.1, tags: ["beta"] }),
  run("five", { at: 53 * SECOND, seconds: 5 }),
  run("tagged", { at: 54 * SECOND, tags: ["2aa1cf4"] }),
  run("images", { at: 55 * SECOND, inputs: { messages: [{ content: "about Image Classification models" }] } }),
  run("not-images", { at: 56 * SECOND, inputs: { text: "classification of an image" } }),
  run("contains", { at: 57 * SECOND, outputs: { text: "here is the substring, see" } }),
  run("user", { at: 58 * SECOND, ...withMetadata({ user_id: "4070f233-f61e-44eb-bff1-da3c163895a3" }) }),
  run("user-2", { at: 59 * SECOND, ...withMetadata({ user_id: "another" }) }),
  run("production", { at: 60 * SECOND, ...withMetadata({ environment: "production" }) }),
  run("staging", { at: 61 * SECOND, ...withMetadata({ environment: "staging" }) }),
  run("conversation", { at: 62 * SECOND, ...withMetadata({ conversation_id: CONVERSATION }) }),
  run("conversation-2", { at: 63 * SECOND, ...withMetadata({ conversation_id: "b" }) }),
  run("elsewhere", { at: 64 * SECOND, ...withMetadata({ note: CONVERSATION }) }),
  run("ChatOpenAI", { at: 65 * SECOND, ...withMetadata({ conversation_id: "69b12c91-b1e2-46ce-91de-794c077e8151" }) }),
  run("ChatOpenAI-2", {
    at: 65 * SECOND,
    ...withMetadata({ conversation_id: "69b12c91-b1e2-46ce-91de-794c077e8151" }),
  }),
  run("thread-a", { at: 66 * SECOND, ...withMetadata({ session_id: "T" }) }),
  run("thread-b", { at: 67 * SECOND, ...withMetadata({ thread_id: "T" }) }),
  run("thread-c", { at: 68 * SECOND, ...withMetadata({ other_id: "T" }) }),
  recent("today", "llm", yesterday),
  recent("today-tool", "tool", yesterday),
];

function formatNow(seconds: number): number {
  return Math.round((Date.now() + seconds * 1000) * 1000) - T0;
}

function recent(name: string, run_type: string, at: number): TestRun {
  return run(name, { at, run_type });
}

beforeAll(async () => {
  server = await startLocalServer();
  client = new Client({ apiUrl: server.url, apiKey: "any" });
  await ingest(server.url, dataset);
  await ingest(server.url, [makeRun({ name: "of another project", session_name: "other", run_type: "llm" })]);
  const feedback = [
    [scored.id, "user_score", 1],
    [unscored.id, "user_score", 0],
    [zeroScored.id, "user_score", 1],
    [zeroScored.id, "Correctness", 0],
    [scored.id, "Correctness", 1],
    [scored.id, "star_rating", 5],
    [unscored.id, "star_rating", 4],
    [unscored.id, "other_rating", 9],
  ] as const;
  for (const [runId, key, score] of feedback) {
    await client.createFeedback(runId, key, { score, traceId: runId });
  }
  await client.awaitPendingTraceBatches();
});
afterAll(() => server.close());

type ListArguments = Parameters<Client["listRuns"]>[0];

async function names(args: ListArguments): Promise<string[]> {
  const found = [];
  for await (const one of client.listRuns({ projectName: PROJECT, ...args })) found.push(one.name);
  return found.sort();
}

const ALL = dataset.map((one) => String(one["name"])).sort();
const GROUP_KEY = "T";

test("all runs in a project", async () => {
  expect(await names({})).toEqual(ALL);
});

test("llm runs of the last 24 hours", async () => {
  expect(await names({ startTime: new Date(Date.now() - 24 * 3600 * 1000), runType: "llm" })).toEqual(["today"]);
});

test("root runs", async () => {
  const roots = dataset.filter((one) => one["parent_run_id"] === undefined);
  expect(await names({ isRoot: true })).toEqual(roots.map((one) => String(one["name"])).sort());
});

test("runs without errors, and with", async () => {
  expect(await names({ error: false })).toEqual(ALL.filter((name) => name !== "failed" && name !== "old"));
  expect(await names({ error: true })).toEqual(["failed", "old"]);
});

test("runs by their ids, whatever else is asked", async () => {
  const id = [scored.id, unscored.id];
  expect(await names({ id, runType: "tool", filter: 'eq(name, "nobody")' })).toEqual(["agent", "agent-2"]);
});

test("a single run by the trace id of a share link", async () => {
  const read = await client.readRun(scored.trace_id);
  expect(read).toMatchObject({ id: scored.id, name: "agent" });
});

test.each<[title: string, args: ListArguments, expected: string[]]>([
  [
    "root runs in a thread",
    {
      filter: `and(in(metadata_key, ["session_id","conversation_id","thread_id"]), eq(metadata_value, "${GROUP_KEY}"))`,
      isRoot: true,
    },
    ["thread-a", "thread-b"],
  ],
  [
    "runs named extractor whose root was scored 1",
    { filter: 'eq(name, "extractor")', traceFilter: 'and(eq(feedback_key, "user_score"), eq(feedback_score, 1))' },
    ["extractor"],
  ],
  ["a star rating above 4", { filter: 'and(eq(feedback_key, "star_rating"), gt(feedback_score, 4))' }, ["agent"]],
  ["longer than 5 seconds", { filter: 'gt(latency, "5s")' }, ["slow"]],
  ["error not null", { filter: "neq(error, null)" }, ["failed", "old"]],
  ["error null", { filter: 'and(eq(error, null), eq(name, "slow"))' }, ["slow"]],
  ["started after a time", { filter: 'gt(start_time, "2023-07-15T12:34:56Z")' }, ALL.filter((name) => name !== "old")],
  ["a text", { filter: 'search("substring")' }, ["contains"]],
  ["a tag", { filter: 'has(tags, "2aa1cf4")' }, ["tagged"]],
  [
    "after a time, and failed or scored 0.0",
    {
      filter:
        'and(gt(start_time, "2023-07-15T12:34:56Z"), or(neq(error, null), and(eq(feedback_key, "Correctness"), eq(feedback_score, 0.0))))',
    },
    ["failed", "zero-scored"],
  ],
  [
    "one of two tags, and longer than 2 seconds",
    { filter: 'and(or(has(tags, "experimental"), has(tags, "beta")), gt(latency, 2))' },
    ["slow", "slow-beta"],
  ],
  ["a phrase", { filter: 'search("image classification")' }, ["images"]],
  ["a metadata key", { filter: "eq(metadata_key, 'user_id')" }, ["user", "user-2"]],
  [
    "a metadata pair",
    { filter: "and(eq(metadata_key, 'user_id'), eq(metadata_value, '4070f233-f61e-44eb-bff1-da3c163895a3'))" },
    ["user"],
  ],
  [
    "the environment",
    { filter: "and(eq(metadata_key, 'environment'), eq(metadata_value, 'production'))" },
    ["production"],
  ],
  [
    "the conversation",
    { filter: `and(eq(metadata_key, 'conversation_id'), eq(metadata_value, '${CONVERSATION}'))` },
    ["conversation"],
  ],
  [
    "no such key",
    { filter: "and(neq(metadata_key, 'conversation_id'))" },
    ALL.filter((name) => !name.startsWith("conversation") && !name.startsWith("ChatOpenAI")),
  ],
  [
    "the key with another value",
    { filter: `and(eq(metadata_key, 'conversation_id'), neq(metadata_value, '${CONVERSATION}'))` },
    ["ChatOpenAI", "ChatOpenAI-2", "conversation-2"],
  ],
  [
    "neither the key nor the value",
    { filter: `and(neq(metadata_key, 'conversation_id'), neq(metadata_value, '${CONVERSATION}'))` },
    ALL.filter((name) => !/^(conversation|ChatOpenAI|elsewhere)/.test(name)),
  ],
  [
    "the value, but not under that key",
    { filter: `and(neq(metadata_key, 'conversation_id'), eq(metadata_value, '${CONVERSATION}'))` },
    ["elsewhere"],
  ],
  [
    "a name and a pair",
    {
      filter:
        "and(eq(name, 'ChatOpenAI'), eq(metadata_key, 'conversation_id'), eq(metadata_value, '69b12c91-b1e2-46ce-91de-794c077e8151'))",
    },
    ["ChatOpenAI"],
  ],
  [
    "a run, its root and any run of its tree",
    {
      filter: 'eq(name, "RetrieveDocs")',
      traceFilter: 'and(eq(feedback_key, "user_score"), eq(feedback_score, 1))',
      treeFilter: 'eq(name, "ExpandQuery")',
    },
    ["RetrieveDocs"],
  ],
])("%s", async (_title, args, expected) => {
  expect(await names(args)).toEqual(expected);
});

test("the root's score chooses one of two runs of a name, the tree one of three", async () => {
  const found = [];
  for await (const one of client.listRuns({
    projectName: PROJECT,
    filter: 'eq(name, "RetrieveDocs")',
    traceFilter: 'and(eq(feedback_key, "user_score"), eq(feedback_score, 1))',
    treeFilter: 'eq(name, "ExpandQuery")',
  })) {
    found.push(one.trace_id);
  }
  expect(found).toEqual([scored.trace_id]);
});

test("a wrong filter is a 400 that points at the place", async () => {
  const response = await sendJson(server.url, "POST", "/runs/query", { filter: 'and(eq(name, "a"), eq(nmae, "b"))' });
  expect(response.status).toBe(400);
  const { detail } = JSON.parse(await response.text());
  expect(detail).toContain("filter, position 23: there is no field nmae");
  const [, line, pointer] = String(detail).split("\n");
  expect(line?.slice(pointer?.indexOf("^"))).toMatch(/^nmae/);
});
