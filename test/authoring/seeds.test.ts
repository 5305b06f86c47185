// The programs that LangSmith's users have, and the examples that stand for those of other languages: each is run as a
// process of its own under `otel-langsmith/register`, against the local server and a model server, its tree asserted.
import { readFile } from "node:fs/promises";
import { transform } from "esbuild";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import { Client, type StoredRun } from "../../src/client/client.js";
import { type Application, layApplication, SDK } from "../register/application.js";

let server: LocalServer;
let model: ModelServer;
let application: Application;
let count = 0;

beforeAll(async () => {
  [server, model, application] = await Promise.all([
    startLocalServer(),
    startModelServer(),
    layApplication([...SDK, "openai", "langsmith", "@langchain"]),
  ]);
}, 120_000);

afterAll(async () => {
  await application.remove();
  await Promise.all([server.close(), model.close()]);
});

interface Ran {
  readonly project: string;
  readonly runs: StoredRun[];
  readonly stdout: string;
  readonly stderr: string;
  /** `name:run_type(children)` for every root. */
  readonly tree: string[];
  one(name: string): StoredRun;
}

/** Runs a TypeScript program, types stripped, under register; its runs are those of a project of its own. */
async function run(source: string, options: { reads?: string; env?: Record<string, string> } = {}): Promise<Ran> {
  count += 1;
  const project = `program-${count}`;
  const { reads = project } = options;
  const { code } = await transform(source, { loader: "ts", format: "esm" });
  const file = `program-${count}.mjs`;
  await application.write(file, code);
  const running = application.start(["--import", "otel-langsmith/register", file], {
    LANGSMITH_ENDPOINT: server.url,
    LANGSMITH_API_KEY: "not-a-key",
    LANGSMITH_TRACING: "true",
    LANGSMITH_PROJECT: project,
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: "not-a-key",
    ...options.env,
  });
  const ended = await running.ended();
  expect(ended.code, ended.stderr).toBe(0);
  const runs: StoredRun[] = [];
  const client = new Client({ apiUrl: server.url, apiKey: "not-a-key" });
  for await (const stored of client.listRuns({ projectName: reads })) runs.push(stored);
  runs.sort((a, b) => ((a.dotted_order ?? "") < (b.dotted_order ?? "") ? -1 : 1));
  for (const stored of runs) expect(stored.status, JSON.stringify(stored)).toBe("success");
  return {
    project,
    runs,
    stdout: ended.stdout,
    stderr: ended.stderr,
    tree: treeOf(runs, undefined),
    one(name) {
      const found = runs.filter((stored) => stored.name === name);
      expect(found.length, name).toBe(1);
      return found[0] as StoredRun;
    },
  };
}

function treeOf(runs: readonly StoredRun[], parentId: string | undefined): string[] {
  return runs
    .filter((stored) => (stored.parent_run_id ?? undefined) === parentId)
    .map((stored) => {
      const children = treeOf(runs, stored.id);
      return `${stored.name}:${stored.run_type}${children.length > 0 ? `(${children.join(", ")})` : ""}`;
    });
}

/** A program of the seeds: unchanged but for its import specifiers, and an import that the page forgot. */
async function seed(name: string): Promise<string> {
  const source = await readFile(new URL(`../fixtures/seeds/${name}.ts`, import.meta.url), "utf8");
  const ours = source.replaceAll(/(from\s+")langsmith(?=["/])/g, "$1otel-langsmith");
  return /\btraceable\(/.test(ours) && !/import \{[^}]*\btraceable\b/.test(ours)
    ? `import { traceable } from "otel-langsmith/traceable";\n${ours}`
    : ours;
}

const example = (name: string) => readFile(new URL(`../../examples/${name}.ts`, import.meta.url), "utf8");

const ANSWER = { role: "assistant", content: expect.stringMatching(/\w/) };
const PROMPT = [
  { role: "system", content: "You are a helpful assistant." },
  { role: "user", content: "What's a good name for a store that sells colorful socks?" },
];

describe("a TypeScript program of the pages", () => {
  it("traceable: the pipeline", async () => {
    const ran = await run(await seed("traceable-pipeline"));
    expect(ran.tree).toEqual(["runPipeline:chain(formatPrompt:chain, invokeLLM:llm, parseOutput:chain)"]);
    expect(ran.one("formatPrompt")).toMatchObject({
      inputs: { input: "colorful socks" },
      outputs: { outputs: PROMPT },
    });
    expect(ran.one("invokeLLM")).toMatchObject({
      inputs: { messages: PROMPT },
      outputs: {
        object: "chat.completion",
        choices: [{ message: ANSWER }],
        usage: { total_tokens: expect.any(Number) },
      },
    });
    const parsed = ran.one("parseOutput");
    expect(parsed.inputs).toMatchObject({ choices: [{ message: ANSWER }] });
    expect(ran.one("runPipeline")).toMatchObject({ inputs: {}, outputs: parsed.outputs ?? {} });
    expect(parsed.outputs).toEqual({ outputs: expect.stringMatching(/\w/) });
  });

  it("RunTree", async () => {
    const ran = await run(await seed("run-tree"));
    expect(ran.tree).toEqual(["Chat Pipeline:chain(OpenAI Call:llm)"]);
    const question = "Can you summarize this morning's meetings?";
    expect(ran.one("OpenAI Call")).toMatchObject({
      inputs: { messages: [{ role: "system" }, { role: "user", content: expect.stringContaining(question) }] },
      outputs: { object: "chat.completion", choices: [{ message: ANSWER }] },
    });
    expect(ran.one("Chat Pipeline")).toMatchObject({
      inputs: { question },
      outputs: { outputs: { answer: ANSWER.content } },
    });
  });

  it("a custom run id", async () => {
    const source = `${await seed("custom-run-id")}\nconsole.log("id " + runId);`;
    const ran = await run(source);
    expect(ran.tree).toEqual(["my-pipeline:chain"]);
    const stored = ran.one("my-pipeline");
    expect(stored).toMatchObject({
      inputs: { input: "What is the capital of France?" },
      outputs: { outputs: "answer" },
    });
    expect(ran.stdout).toContain(`id ${stored.id}`);
  });

  it("flush", async () => {
    const ran = await run(await seed("flush"));
    expect(ran.tree).toEqual(["<lambda>:chain"]);
    expect(ran.one("<lambda>")).toMatchObject({ inputs: {} });
  });
});

describe("LANGSMITH_TRACING=false", () => {
  it("RunTree sends all the same, once a run; traceable does not", async () => {
    const tree = await seed("run-tree");
    const source = `import { traceable } from "otel-langsmith/traceable";\n${tree}\nawait traceable(async () => 1, { name: "off" })();`;
    const ran = await run(source, { env: { LANGSMITH_TRACING: "false" } });
    expect(ran.tree).toEqual(["Chat Pipeline:chain(OpenAI Call:llm)"]);
    expect(ran.one("OpenAI Call")).toMatchObject({
      inputs: { messages: [{ role: "system" }, { role: "user" }] },
      outputs: { object: "chat.completion" },
      extra: { runtime: { sdk: "otel-langsmith" } },
    });
    expect(ran.stderr).not.toContain("LSB_WARN");
  });
});

describe("an example for a program in Python, Java or Kotlin", () => {
  it("traceable", async () => {
    const ran = await run(await example("custom-instrumentation-traceable"));
    expect(ran.tree).toEqual(["run_pipeline:chain(format_prompt:chain, invoke_llm:llm, parse_output:chain)"]);
    expect(ran.one("run_pipeline").inputs).toEqual({ input: "colorful socks" });
    expect(ran.one("invoke_llm")).toMatchObject({
      inputs: { input: PROMPT },
      outputs: { choices: [{ message: ANSWER }] },
    });
  });

  it("the trace block, a wrapped client and a tool, in a project of their own", async () => {
    const ran = await run(await example("custom-instrumentation-block"), { reads: "my_test" });
    expect(ran.tree).toEqual(["Chat Pipeline:chain(Retrieve Context:tool, ChatOpenAI:llm)"]);
    expect(ran.one("Chat Pipeline")).toMatchObject({
      inputs: { input: "Can you summarize this morning's meetings?" },
      outputs: { output: ANSWER.content },
    });
    expect(ran.one("ChatOpenAI")).toMatchObject({
      inputs: { model: "gpt-5.4-mini", messages: [{ role: "system" }, { role: "user" }] },
      outputs: { choices: [{ message: ANSWER }] },
      extra: { metadata: { ls_provider: "openai", ls_model_name: "gpt-5.4-mini", usage_metadata: expect.any(Object) } },
    });
  });

  it("RunTree", async () => {
    const ran = await run(await example("custom-instrumentation-run-tree"));
    expect(ran.tree).toEqual(["Chat Pipeline:chain(OpenAI Call:llm)"]);
    expect(ran.one("OpenAI Call")).toMatchObject({
      inputs: { messages: [{ role: "system" }, { role: "user" }] },
      outputs: { response: { choices: [{ message: ANSWER }] } },
    });
    expect(ran.one("Chat Pipeline").outputs).toEqual({ answer: ANSWER.content });
  });

  it("a traced class", async () => {
    const ran = await run(await example("custom-instrumentation-class"));
    expect(ran.tree).toEqual(["MyClass.combine:chain"]);
    expect(ran.one("MyClass.combine")).toMatchObject({ inputs: { input: 29 }, outputs: { outputs: 42 } });
  });

  it("custom run ids of one call and of a block", async () => {
    const ran = await run(await example("custom-instrumentation-run-ids"));
    expect(ran.tree).toEqual(["my_pipeline:chain", "my-pipeline:chain"]);
    const printed: unknown = JSON.parse(ran.stdout.split("\n").find((line) => line.startsWith("{")) ?? "");
    expect(printed).toEqual({ callId: ran.one("my_pipeline").id, blockId: ran.one("my-pipeline").id });
    expect(ran.one("my-pipeline").outputs).toEqual({ result: "answer" });
  });

  it("flush", async () => {
    expect((await run(await example("custom-instrumentation-flush"))).tree).toEqual(["my_traced_func:chain"]);
  });

  it("nesting by a run tree that is handed on", async () => {
    const ran = await run(await example("nesting-run-tree"));
    expect(ran.tree).toEqual(["parent_function:chain(my_child_function:chain)"]);
    for (const name of ["parent_function", "my_child_function"]) {
      expect(ran.one(name)).toMatchObject({ inputs: { input: "call" }, outputs: { outputs: ["A", "response"] } });
    }
  });

  it("parallel work in one trace, by context and by a parent given", async () => {
    const ran = await run(await example("nesting-parallel"));
    const tree = "outer_func:chain(inner_func:chain, inner_func:chain)";
    expect(ran.tree).toEqual([tree, tree]);
    expect(ran.runs.filter((stored) => stored.name === "inner_func").map((stored) => stored.inputs)).toEqual([
      { input: 1 },
      { input: 2 },
      { input: 1 },
      { input: 2 },
    ]);
  });

  it("a traced function under a LangChain run, by its RunnableConfig", async () => {
    const ran = await run(await example("nesting-runnable-config"));
    expect(ran.tree).toEqual(["parent_runnable:chain(my_child_function:chain)"]);
    expect(ran.one("my_child_function")).toMatchObject({
      inputs: { input: "call" },
      outputs: { outputs: "A response to call" },
    });
  });

  it("LangChain and LangGraph inside a traced function, and a traced function inside a node", async () => {
    const ran = await run(await example("nesting-langgraph"));
    const chain = "RunnableSequence:chain(ChatPromptTemplate:prompt, FakeListChatModel:llm, StrOutputParser:parser)";
    expect(ran.tree).toEqual([
      `pipeline:chain(LangGraph:chain(__start__:chain, think:chain(look_up:tool)), ${chain}, ${chain})`,
    ]);
    expect(ran.one("pipeline").outputs).toEqual({ answer: "why by heart", plain: "42", called: "42" });
    expect(ran.stderr).not.toContain("LSB_WARN");
  });

  it("traced functions and LangChain's runnables, each under the other", async () => {
    const ran = await run(await example("nesting-langchain"));
    expect(ran.tree).toEqual([
      "parent_function:chain(parent_runnable:chain(my_child_function:chain(my_child_runnable:chain)))",
    ]);
    for (const name of ["parent_function", "my_child_function"]) {
      expect(ran.one(name)).toMatchObject({ inputs: { input: "call" }, outputs: { outputs: ["A", "response"] } });
    }
  });
});
