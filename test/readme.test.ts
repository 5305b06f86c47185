// The README as a newcomer takes it: its programs are run as they stand there, with the packages that it says to install.
import { readFile } from "node:fs/promises";
import { transform } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { orphansOf, type Receiver, startReceiver } from "./receiver.js";
import { type Application, layApplication } from "./register/application.js";

const readme = await readFile("README.md", "utf8");
const shell = blocksOf("sh").join("\n");

/** The README's blocks in a language. */
function blocksOf(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, text = ""]) =>
    name === language ? [text] : [],
  );
}

/** The one program of the README that holds a text, as the JavaScript that a TypeScript user runs. */
async function programWith(text: string): Promise<string> {
  const [program, ...more] = blocksOf("ts").filter((block) => block.includes(text));
  if (program === undefined || more.length > 0) throw new Error(`README.md: not one ts block with ${text}`);
  return (await transform(program, { loader: "ts", format: "esm", target: "node20" })).code;
}

/** What stands behind a command of the README's shell blocks. */
function wordsAfter(command: string): string[] {
  const line = shell.split("\n").find((each) => each.includes(command));
  if (line === undefined) throw new Error(`README.md: no sh block with ${command}`);
  return line
    .slice(line.indexOf(command) + command.length)
    .split(/\s+/)
    .filter(Boolean);
}

describe("the README's programs", () => {
  let application: Application;
  let receiver: Receiver;

  beforeAll(async () => {
    const packages = wordsAfter("npm install").filter((name) => name !== "otel-langsmith");
    expect(packages).toContain("@opentelemetry/sdk-node");
    application = await layApplication(packages);
  }, 60_000);
  afterAll(() => application.remove());
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  /** Runs a program to its end; what it printed on standard output. */
  async function run(args: readonly string[], program: string): Promise<string> {
    await application.write("app.mjs", program);
    // No Collector listens here; what the first line of spanProcessors keeps is tried in test/register/environment.test.ts.
    const env = { LANGSMITH_ENDPOINT: receiver.url, LANGSMITH_PROJECT: "readme", OTEL_TRACES_EXPORTER: "none" };
    const { code, stdout, stderr } = await application.start([...args, "app.mjs"], env).ended();
    expect({ code, problems: receiver.problems }, stderr).toEqual({ code: 0, problems: [] });
    expect(orphansOf(receiver.runs.values())).toEqual([]);
    return stdout;
  }

  it("are the ones that are run here, and the one of Next.js, which test/package/next.test.ts runs", () => {
    expect(blocksOf("ts")).toHaveLength(3);
  });

  it("send a GenAI span's runs, and put their place into headers, where there is a NodeSDK", async () => {
    const stdout = await run(
      [],
      `${await programWith("new NodeSDK(")}
      const { propagation, context, trace } = await import("@opentelemetry/api");
      trace.getTracer("app").startActiveSpan("agent", (agent) => {
        const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
        trace.getTracer("app").startActiveSpan("chat m", { attributes }, (chat) => {
          const headers = {};
          propagation.inject(context.active(), headers);
          console.log(JSON.stringify(headers));
          chat.end();
        });
        agent.end();
      });
      await sdk.shutdown();`,
    );
    const [agent, chat] = [receiver.one("agent"), receiver.one("chat m")];
    expect(receiver.runs.size).toBe(2);
    expect(chat).toMatchObject({ run_type: "llm", parent_run_id: agent.id, session_name: "readme" });
    expect(chat.end_time).toBeDefined();
    const headers = z.record(z.string(), z.string()).parse(JSON.parse(stdout));
    expect(headers["langsmith-trace"]).toBe(chat.dotted_order);
    expect(headers["traceparent"]).toContain("00-");
  });

  it("send a traceable function's run under the command line that it names", async () => {
    const flags = wordsAfter("node ").slice(0, -1);
    expect(flags).toEqual(["--import", "otel-langsmith/register"]);
    await run(flags, await programWith("traceable("));
    expect(receiver.runs.size).toBe(1);
    expect(receiver.one("answer")).toMatchObject({
      run_type: "chain",
      session_name: "readme",
      inputs: { input: "me" },
      outputs: { outputs: "42, if you ask me" },
    });
    expect(receiver.one("answer").end_time).toBeDefined();
  });
});

describe("the README's commands", () => {
  it("are scripts of package.json", async () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile("package.json", "utf8")));
    const named = [...shell.matchAll(/\bnpm (?:run (\S+)|(test)\b)/g)].map(([, script, test]) => script ?? test);
    expect(named).toEqual(["demo", "test"]);
    expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
  });
});
