// The README as a newcomer takes it: each of its ways is done as it stands there, with the packages that it says to install.
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ModelServer, startModelServer } from "../demo/model-server.mjs";
import { waysOf } from "./readme.js";
import { orphansOf, type Receiver, startReceiver } from "./receiver.js";
import { layApplication } from "./register/application.js";

const readme = await readFile("README.md", "utf8");
const ways = waysOf(readme);

let model: ModelServer;
let receiver: Receiver;
beforeAll(async () => {
  model = await startModelServer();
});
afterAll(() => model.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

describe("the README", () => {
  it("has three ways, each with an installation, a program and a command, on two screens", () => {
    expect(ways.map(({ title }) => title)).toEqual([
      "Where you have a NodeSDK",
      "Where you have nothing yet",
      "Where you use `traceable` from `langsmith`",
    ]);
    for (const { packages, files, command } of ways) {
      expect(packages).toContain("otel-langsmith");
      expect(Object.keys(files)).toContain("app.mjs");
      expect(command[0]).toBe("node");
    }
    expect(readme.split("\n").length).toBeLessThan(150);
  });

  it.each(ways)("ends with a whole trace: $title", async ({ packages, files, command }) => {
    const others = packages
      .map((name) => name.replace(/(?<=.)@[\d.]+$/, ""))
      .filter((name) => name !== "otel-langsmith");
    const application = await layApplication(others);
    for (const [name, text] of Object.entries(files)) await application.write(name, text);
    const env = {
      LANGSMITH_ENDPOINT: receiver.url,
      LANGSMITH_PROJECT: "readme",
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: "none",
      // No Collector listens here.
      OTEL_TRACES_EXPORTER: "none",
    };
    const { code, stderr } = await application.start(command.slice(1), env).ended();
    await application.remove();
    expect({ code, problems: receiver.problems }, stderr).toEqual({ code: 0, problems: [] });
    expect(orphansOf(receiver.runs.values())).toEqual([]);
    expect(receiver.runs.size, stderr).toBeGreaterThan(0);
    expect(stderr).not.toContain("LSB_WARN_");
    for (const run of receiver.runs.values()) {
      expect(run).toMatchObject({ session_name: "readme", inputs: expect.anything(), outputs: expect.anything() });
      expect(run.end_time).toBeDefined();
      if (run.run_type === "llm")
        expect(run.extra.metadata).toMatchObject({ usage_metadata: { total_tokens: expect.any(Number) } });
    }
  });

  it("puts the place of a span into headers where there is a NodeSDK", async () => {
    const [way] = ways;
    const application = await layApplication(["@opentelemetry/core", "@opentelemetry/sdk-node"]);
    await application.write("instrumentation.mjs", way?.files["instrumentation.mjs"] ?? "");
    await application.write(
      "app.mjs",
      `import { propagation, context, trace } from "@opentelemetry/api";
       trace.getTracer("app").startActiveSpan("chat", { attributes: { "gen_ai.operation.name": "chat" } }, (span) => {
         const headers = {};
         propagation.inject(context.active(), headers);
         console.log(JSON.stringify(headers));
         span.end();
       });`,
    );
    const env = { LANGSMITH_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: "none" };
    const { stdout } = await application.start(way?.command.slice(1) ?? [], env).ended();
    await application.remove();
    const headers = z.record(z.string(), z.string()).parse(JSON.parse(stdout));
    expect(headers["langsmith-trace"]).toBe(receiver.one("chat").dotted_order);
    expect(headers["traceparent"]).toContain("00-");
  });
});

describe("the README's commands", () => {
  it("are scripts of package.json", async () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile("package.json", "utf8")));
    const named = [...readme.matchAll(/\bnpm (?:run (\S+)|(test)\b)/g)].map(([, script, test]) =>
      (script ?? test)?.replace("`", ""),
    );
    expect(named).toEqual(["demo", "test"]);
    expect(named.filter((name) => name === undefined || !(name in scripts))).toEqual([]);
  });
});
