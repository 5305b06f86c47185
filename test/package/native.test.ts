// The packed bridge beside the `langsmith` package that an application has: one copy of it, the application's own.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startReceiver } from "../receiver.js";
import { type Consumer, installConsumer } from "./consumer.js";
import { type Format, nativeProgram } from "./programs.js";

describe.each(["~0.3.0", "latest"])("beside langsmith@%s", (version) => {
  let consumer: Consumer;

  beforeAll(async () => {
    const packages = [`langsmith@${version}`, "@opentelemetry/api@~1.9.0", "@opentelemetry/sdk-trace-base@2"];
    consumer = await installConsumer([inject("tarballs").bridge, ...packages], process.execPath);
  });
  afterAll(() => consumer.remove());

  it.each<[Format, string]>([
    ["esm", "app.mjs"],
    ["cjs", "app.cjs"],
  ])("native runs and spans are one tree, as %s", async (format, name) => {
    const receiver = await startReceiver();
    await writeFile(join(consumer.folder, name), nativeProgram(format));
    const ended = await consumer.node([name], {
      LANGSMITH_ENDPOINT: receiver.url,
      LANGSMITH_API_KEY: "none",
      LANGSMITH_TRACING: "true",
    });
    expect(ended, ended.output).toMatchObject({ code: 0 });
    const [agent, native, span] = ["agent", "native", "span in native"].map((named) => receiver.one(named));
    expect(agent?.parent_run_id).toBeUndefined();
    expect(native?.parent_run_id).toBe(agent?.id);
    expect(span?.parent_run_id).toBe(native?.id);
    await receiver.close();
  });
});
