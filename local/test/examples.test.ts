// The two export programs of LangSmith's page, run as programs against the local server.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "langsmith";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../src/index.js";
import { ingest, makeRun, SECOND, T0, type TestRun } from "./support.js";

const NOW = Date.now() * 1000 - T0 - 3600 * SECOND;
const run = promisify(execFile);
let server: LocalServer;

beforeAll(async () => {
  server = await startLocalServer();
});
afterAll(() => server.close());

async function rowsOf(example: string, ...args: string[]): Promise<Record<string, unknown>[]> {
  const file = fileURLToPath(new URL(`../../examples/${example}`, import.meta.url));
  const env = { ...process.env, LANGSMITH_ENDPOINT: server.url, LANGSMITH_API_KEY: "any", NODE_NO_WARNINGS: "1" };
  const { stdout } = await run(process.execPath, ["--import", "tsx", file, ...args], {
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("query-tool-usage exports each trace once, with the tools used anywhere in it", async () => {
  // More traces than one batch holds, and more tool runs than one page.
  const traces = Array.from({ length: 60 }, (_, index) => {
    const root = makeRun({
      name: `trace ${index}`,
      session_name: "tools",
      at: NOW,
      inputs: { n: index },
      outputs: { m: index },
    });
    const chain = makeRun({ parent: root, session_name: "tools", at: NOW });
    const tool = (name: string, parent: TestRun) =>
      makeRun({ name, parent, run_type: "tool", session_name: "tools", at: NOW + SECOND });
    return [root, chain, tool("search", chain), tool("search", root), tool(index % 2 ? "odd" : "even", chain)];
  });
  const without = makeRun({ name: "no tools", session_name: "tools", at: NOW });
  const old = makeRun({ name: "old", session_name: "tools", at: 0 });
  const oldTool = makeRun({ name: "old tool", parent: old, run_type: "tool", session_name: "tools", at: 0 });
  await ingest(server.url, [...traces.flat(), without, old, oldTool]);
  const rows = await rowsOf("query-tool-usage.ts", "tools", "1");
  expect(rows).toHaveLength(60);
  expect(rows.find((row) => row["run_name"] === "trace 7")).toEqual({
    run_id: traces[7]?.[0]?.id,
    run_name: "trace 7",
    run_type: "chain",
    inputs: { n: 7 },
    outputs: { m: 7 },
    tools_involved: ["odd", "search"],
  });
});

test("query-retriever-io exports retrievers of traces with feedback, and only of those", async () => {
  const client = new Client({ apiUrl: server.url, apiKey: "any" });
  const make = (name: string) => {
    const root = makeRun({
      name,
      session_name: "retrievers",
      at: NOW,
      inputs: { question: name },
      outputs: { answer: "a" },
    });
    const retriever = (query: string) =>
      makeRun({
        parent: root,
        run_type: "retriever",
        session_name: "retrievers",
        at: NOW,
        inputs: { query },
        outputs: { documents: [{ page_content: query }] },
      });
    return [root, retriever("one"), retriever("two")];
  };
  const [scored, unscored] = [make("scored"), make("unscored")];
  await ingest(server.url, [...scored, ...unscored]);
  const { id: sessionId } = await client.readProject({ projectName: "retrievers" });
  await client.createFeedback(scored[0]?.id ?? "", "user_score", { score: 0.5, sessionId });
  await client.createFeedback(unscored[0]?.id ?? "", "other", { score: 1, sessionId });
  const rows = await rowsOf("query-retriever-io.ts", "retrievers");
  expect(rows).toEqual([
    {
      run_id: scored[0]?.id,
      run_name: "scored",
      "inputs.question": "scored",
      "outputs.answer": "a",
      "feedback.user_score": 0.5,
      "retriever.inputs.query": expect.arrayContaining(["one", "two"]),
      "retriever.outputs.documents": expect.arrayContaining([{ page_content: "one" }, { page_content: "two" }]),
    },
  ]);
});
