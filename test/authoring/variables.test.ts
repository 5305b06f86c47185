// Every variable that the installed langsmith package reads is obeyed, or stands in the docs' table with the reason.
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { startReceiver } from "../receiver.js";

/** As the package's own code asks for them: by a whole name, or by one without its beginning. */
async function readVariables(): Promise<string[]> {
  const root = join(dirname(createRequire(import.meta.url).resolve("langsmith/package.json")), "lib");
  const found = new Set<string>();
  for (const file of await readdir(root, { recursive: true })) {
    if (!file.endsWith(".js")) continue;
    const text = await readFile(join(root, file), "utf8");
    for (const [, name] of text.matchAll(/getLangSmithEnvironmentVariable\)?\("([A-Z0-9_]+)"/g))
      found.add(`LANGSMITH_${name}`);
    for (const [, name] of text.matchAll(/["'.]((?:LANGSMITH|LANGCHAIN)_[A-Z0-9_]+)["']/g)) found.add(`${name}`);
    for (const [, names] of text.matchAll(/envVars = \[([^\]]+)\]/g)) {
      for (const [, name] of (names ?? "").matchAll(/"([A-Z0-9_]+)"/g)) found.add(`LANGSMITH_${name}`);
    }
  }
  return [...found].map((name) => name.replace(/^LANGCHAIN_/, "LANGSMITH_")).sort();
}

describe("the variables of the langsmith package", () => {
  it("all stand in the table of docs/authoring.md, and nothing else does", async () => {
    const docs = await readFile(new URL("../../docs/authoring.md", import.meta.url), "utf8");
    const table = docs.slice(docs.indexOf("## Variables of the langsmith package"));
    const rows = table.split("\n").filter((line) => line.startsWith("| `LANGSMITH_"));
    const listed = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`(LANGSMITH_[A-Z0-9_]+)…?`/g)].map(([, name]) => name ?? ""),
    );
    const read = await readVariables();
    expect(read.length).toBeGreaterThan(25);
    const isListed = (name: string) =>
      listed.some((one) => one === name || (one.endsWith("_") && name.startsWith(one)));
    expect(read.filter((name) => !isListed(name))).toEqual([]);
    expect(listed.filter((name) => !read.some((one) => one === name || one.startsWith(name)))).toEqual([]);
  });

  it.each([
    ["LANGSMITH_REVISION_ID", "LANGSMITH_DISABLE_RUN_COMPRESSION"],
    ["LANGCHAIN_REVISION_ID", "LANGCHAIN_DISABLE_RUN_COMPRESSION"],
  ])("%s is in the metadata of every run that has none, and %s switches compression off", async (revision, plain) => {
    Object.assign(process.env, { [revision]: "abc", [plain]: "true" });
    onTestFinished(() => {
      delete process.env[revision];
      delete process.env[plain];
    });
    const receiver = await startReceiver();
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test", batchDelayMillis: 1 });
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
    traceable(() => 1, { name: "none", tracer })();
    traceable(() => 1, { name: "own", tracer, metadata: { revision_id: "mine" } })();
    await processor.shutdown();
    await receiver.close();
    expect(receiver.one("none").extra.metadata.revision_id).toBe("abc");
    expect(receiver.one("own").extra.metadata.revision_id).toBe("mine");
    expect(receiver.headers.map((headers) => headers["content-encoding"])).toEqual(
      receiver.headers.map(() => undefined),
    );
  });
});
