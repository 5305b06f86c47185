// The instrumentation.ts of docs/nextjs.md in a real Next.js application, built and served: routes of Node's runtime and of the
// edge's, for which Next compiles the same file.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Consumer, installConsumer } from "./consumer.js";

const FILES: Record<string, string> = {
  "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;",
  "app/ask/route.js": `
    import { createOpenAI } from "@ai-sdk/openai";
    import { generateText } from "ai";
    import { traceable } from "otel-langsmith/traceable";
    const look = traceable(async (city) => "sunny in " + city, { name: "look", run_type: "tool" });
    export async function POST(request) {
      const model = createOpenAI({ baseURL: process.env.MODEL_URL, apiKey: "none" }).chat("gpt-4o-mini");
      const prompt = await look(await request.text());
      const { text } = await generateText({ model, prompt, experimental_telemetry: { isEnabled: true } });
      return new Response(text);
    }`,
  "app/edge/route.js": `
    import { traceable } from "otel-langsmith/traceable";
    export const runtime = "edge";
    const loud = traceable(async (text) => text.toUpperCase(), { name: "loud" });
    export const GET = async () => new Response(await loud("untraced"));`,
};

let consumer: Consumer;
let receiver: Receiver;
let model: ModelServer;
let server: ChildProcess;
let url: string;

beforeAll(async () => {
  const packages = ["next@16", "react@19", "react-dom@19", "@vercel/otel@2", "ai@6", "@ai-sdk/openai@3"];
  [receiver, model, consumer] = await Promise.all([
    startReceiver(),
    startModelServer(),
    installConsumer([inject("tarballs").bridge, "@opentelemetry/api@~1.9.0", ...packages], process.execPath),
  ]);
  const page = await readFile("docs/nextjs.md", "utf8");
  const [, instrumentation] = /^```ts\n(import \{ registerOTel \}.*?)^```$/ms.exec(page) ?? [];
  if (instrumentation === undefined) throw new Error("docs/nextjs.md: no program with registerOTel");
  for (const [name, text] of Object.entries({ ...FILES, "instrumentation.js": instrumentation })) {
    await mkdir(dirname(join(consumer.folder, name)), { recursive: true });
    await writeFile(join(consumer.folder, name), text);
  }
  const next = join(consumer.folder, "node_modules/next/dist/bin/next");
  const built = await consumer.node([next, "build"], { NEXT_TELEMETRY_DISABLED: "1" });
  if (built.code !== 0) throw new Error(`next build failed:\n${built.output}`);
  server = spawn(process.execPath, [next, "start", "--port", "0", "--hostname", "127.0.0.1"], {
    cwd: consumer.folder,
    env: {
      PATH: process.env["PATH"],
      NEXT_TELEMETRY_DISABLED: "1",
      LANGSMITH_ENDPOINT: receiver.url,
      MODEL_URL: model.url,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  url = await addressOf(server);
});

afterAll(async () => {
  server?.kill("SIGKILL");
  await Promise.all([receiver?.close(), model?.close(), consumer?.remove()]);
});

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("next start has no output");
  for await (const line of createInterface(stdout)) {
    const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (found !== undefined) return found;
  }
  throw new Error("next start named no address");
}

it("sends one tree for a request to a route of Next.js, with the model's call in it", async () => {
  const answer = await fetch(`${url}/ask`, { method: "POST", body: "Paris" });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  await vi.waitFor(() => expect(receiver.one("POST /ask").end_time).toBeDefined(), 20_000);
  const [request, look, call] = [
    receiver.one("POST /ask"),
    receiver.one("look"),
    receiver.one("ai.generateText.doGenerate"),
  ];
  expect(request.parent_run_id).toBeUndefined();
  expect(look).toMatchObject({ parent_run_id: request.id, run_type: "tool", outputs: { outputs: "sunny in Paris" } });
  expect(call).toMatchObject({
    trace_id: request.id,
    run_type: "llm",
    inputs: { messages: [{ role: "user", content: "sunny in Paris" }] },
    outputs: { choices: [{ message: { role: "assistant", content: text } }] },
  });
  expect(receiver.problems).toEqual([]);
});

it("runs on, untraced, in a route of the edge runtime", async () => {
  const answer = await fetch(`${url}/edge`);
  expect(await answer.text()).toBe("UNTRACED");
});
