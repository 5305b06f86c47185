// The local server as a developer installs it: its tarball, its command, its page, and the bridge's command beside it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Consumer, installConsumer } from "./consumer.js";

let consumer: Consumer;

beforeAll(async () => {
  const { bridge, local } = inject("tarballs");
  consumer = await installConsumer(
    [bridge, local, "@opentelemetry/api@~1.9.0", "@opentelemetry/sdk-trace-base@2"],
    process.execPath,
  );
});
afterAll(() => consumer.remove());

describe("the packages, installed side by side", () => {
  it("serve the page, take what the bridge's command sends, and end on SIGTERM", async () => {
    const command = join(consumer.folder, "node_modules/.bin/otel-langsmith-local");
    const server = spawn(command, ["--port", "0", "--data", "data"], {
      cwd: consumer.folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(server, "close");
    try {
      const url = await addressOf(server.stdout);
      expect((await fetch(`${url}/info`)).status).toBe(200);
      const page = await fetch(url);
      const text = await page.text();
      expect(page.headers.get("content-type")).toContain("text/html");
      for (const [, path = ""] of text.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)) {
        expect((await fetch(new URL(path, url))).status, path).toBe(200);
      }
      const doctor = await consumer.node(["node_modules/otel-langsmith/dist/cli/main.js", "doctor"], {
        LANGSMITH_ENDPOINT: url,
      });
      expect(doctor.code, doctor.output).toBe(0);
    } finally {
      server.kill("SIGTERM");
    }
    expect(await ended).toEqual([0, null]);
  });

  it("say how the bridge's command is used", async () => {
    const bin = join("node_modules/otel-langsmith/dist/cli/main.js");
    expect(await consumer.node([bin, "--help"])).toMatchObject({
      code: 0,
      output: expect.stringContaining("replay DIR"),
    });
    expect(await consumer.node([bin, "nonsense"])).toMatchObject({ code: 2 });
  });

  it("load without an SDK that they were not given", async () => {
    await writeFile(
      join(consumer.folder, "bare.mjs"),
      `import * as bridge from "otel-langsmith"; console.log(typeof bridge.LangSmithSpanProcessor);`,
    );
    expect(await consumer.node(["bare.mjs"])).toMatchObject({ code: 0, output: "function\n" });
  });

  it("pass publint, the local server's tarball too", async () => {
    const tarball = await readFile(inject("tarballs").local);
    const { messages } = await publint({ pack: { tarball: Uint8Array.from(tarball).buffer } });
    expect(messages.filter((message) => message.type !== "suggestion")).toEqual([]);
  });
});

async function addressOf(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const url = / at (http:\/\/\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error("The local server ended before it said its address.");
}
