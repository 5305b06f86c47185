// What `sideEffects` tells a bundler: who takes one function gets that function, and who imports `register` registers.
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { orphansOf, type Receiver, startReceiver } from "./receiver.js";
import { type Application, ASK, layApplication, SDK } from "./register/application.js";

let application: Application;
let receiver: Receiver;
beforeAll(async () => {
  application = await layApplication(SDK);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

/** What a bundler makes of a program of the application; `parts` are the bridge's files that something is left of. */
async function bundled(program: string): Promise<{ text: string; parts: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: application.folder },
    absWorkingDir: application.folder,
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "error",
    format: "esm",
    platform: "node",
    external: ["undici", "@opentelemetry/*"],
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const parts = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : []));
  return {
    text: outputFiles.map((file) => file.text).join("\n"),
    parts: parts.flatMap((path) => path.split("node_modules/otel-langsmith/dist/")[1] ?? []),
  };
}

async function run(text: string): Promise<{ stdout: string; stderr: string }> {
  await application.write("bundle.mjs", text);
  const { code, stdout, stderr } = await application
    .start(["bundle.mjs"], { LANGSMITH_ENDPOINT: receiver.url, LANGSMITH_PROJECT: "bundled" })
    .ended();
  expect(code, stderr).toBe(0);
  return { stdout, stderr };
}

const asking = `import { trace } from "@opentelemetry/api";${ASK}ask("asked");`;

describe("a bundle", () => {
  it("of one function holds that function, and neither the processor nor what registers", async () => {
    const { text, parts } = await bundled(`import { uuid7 } from "otel-langsmith"; console.log(uuid7()); ${asking}`);
    expect(text).toContain("function uuid7(");
    expect(text).not.toMatch(/LangSmithSpanProcessor|LSB_WARN_|undici|async_hooks/);
    expect(parts).not.toContain("register.js");
    // The whole bridge is some hundreds of thousands.
    expect(text.length).toBeLessThan(10_000);
    const { stdout, stderr } = await run(text);
    expect(stdout).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}\n$/);
    expect(stderr).toBe("");
    expect(receiver.runs.size).toBe(0);
  });

  it("of a bare import of the bridge holds nothing of it", async () => {
    expect((await bundled(`import "otel-langsmith"; console.log("alone");`)).parts).toEqual([]);
  });

  it("of register registers, although it takes no name of it", async () => {
    const { text, parts } = await bundled(`import "otel-langsmith/register"; ${asking}`);
    expect(parts).toContain("register.js");
    const { stderr } = await run(text);
    expect(stderr).toContain(`runs go to project "bundled" at ${receiver.url}`);
    expect(receiver.problems).toEqual([]);
    expect(orphansOf(receiver.runs.values())).toEqual([]);
    expect(receiver.one("asked child").parent_run_id).toBe(receiver.one("asked").id);
  });
});
