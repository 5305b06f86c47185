// `otel-langsmith doctor`, as a process, against services that are well, refuse the key, or are not there.
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { startLocalServer } from "otel-langsmith-local";
import { afterEach, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function doctor(env: Record<string, string>): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", MAIN, "doctor"],
      { env: { PATH: process.env["PATH"] ?? "", ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });
}

async function answering(
  respond: (path: string) => { status: number; body?: unknown; headers?: Record<string, string> },
): Promise<string> {
  const server: Server = createServer((request, response) => {
    const { status, body, headers } = respond(request.url ?? "");
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  closing.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("doctor", () => {
  it("sends a run there and back, and ends with 0", async () => {
    const local = await startLocalServer({ port: 0 });
    closing.push(() => local.close());
    const { code, out } = await doctor({ LANGSMITH_ENDPOINT: local.url });
    expect(out).toContain("a run went there and back");
    expect(out).toContain("Runs arrive.");
    expect(code).toBe(0);
  });

  it.each([
    ["the key is refused", 401, "LANGSMITH_API_KEY"],
    ["the key may not use this workspace", 403, "LANGSMITH_WORKSPACE_ID"],
  ])("says that %s, and what to set", async (what, status, variable) => {
    const url = await answering((path) => (path === "/info" ? { status: 200, body: { version: "1" } } : { status }));
    const { code, out } = await doctor({ LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "a-secret" });
    expect(out).toContain(what);
    expect(out).toContain(variable);
    expect(out).not.toContain("a-secret");
    expect(code).toBe(1);
  });

  it("says that the clock is off", async () => {
    const url = await answering(() => ({
      status: 200,
      body: {},
      headers: { date: new Date(Date.now() - 3_600_000).toUTCString() },
    }));
    const { out } = await doctor({ LANGSMITH_ENDPOINT: url });
    expect(out).toMatch(/clock is 3(599|600|601) s ahead/);
  }, 60_000);

  it("says that nothing listens, that the key is missing, that the bridge is switched off, and that it is not LangSmith", async () => {
    expect((await doctor({ LANGSMITH_ENDPOINT: "http://127.0.0.1:1" })).out).toContain("npx otel-langsmith-local");
    expect((await doctor({})).out).toContain("LANGSMITH_API_KEY is not set");
    expect((await doctor({ LANGSMITH_TRACING: "false" })).out).toContain("LANGSMITH_TRACING is false");
    const url = await answering(() => ({ status: 404 }));
    expect((await doctor({ LANGSMITH_ENDPOINT: url })).out).toContain("/api/v1");
  });
});
