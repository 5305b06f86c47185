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

/** Passes requests on, but for those that a deployment with the new store answers with 501. */
async function between(target: string, isGone: (path: string) => boolean): Promise<string> {
  const proxy = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const { url = "", method = "GET", headers } = request;
    if (isGone(url)) {
      response.writeHead(501).end("{}");
      return;
    }
    const { "content-type": type = "application/json", "content-encoding": encoding } = headers;
    const answer = await fetch(target + url, {
      method,
      headers: { "content-type": type, ...(encoding && { "content-encoding": encoding }) },
      ...(pieces.length > 0 && { body: Buffer.concat(pieces) }),
    });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", () => resolve()));
  closing.push(
    () =>
      new Promise<void>((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
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
    ["the key is refused, or may not use this workspace", 403, "LANGSMITH_WORKSPACE_ID"],
  ])("says that %s, and what to set", async (what, status, variable) => {
    // A gateway may want the key for /info, too.
    for (const info of [200, status]) {
      const url = await answering((path) => (path === "/info" ? { status: info, body: { version: "1" } } : { status }));
      const { code, out } = await doctor({ LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "a-secret" });
      expect(out).toContain(what);
      expect(out).toContain(variable);
      expect(out).not.toContain("LANGSMITH_ENDPOINT");
      expect(out).not.toContain("a-secret");
      expect(code).toBe(1);
    }
  });

  it.each([
    ["a page of a login", 200, "<html>log in</html>"],
    ["JSON that is not LangSmith's", 200, { ok: true }],
    ["what LangSmith's /info answers, to everything", 200, { version: "1" }],
    [
      "an empty list for the projects, and runs that are none",
      200,
      (path: string) => (path === "/info" ? { version: "1" } : path.startsWith("/sessions") ? [] : {}),
    ],
  ])("does not believe a 200 with %s", async (_what, status, body) => {
    const url = await answering((path) => ({ status, body: typeof body === "function" ? body(path) : body }));
    const { code, out } = await doctor({ LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "a-secret" });
    expect(out).toMatch(/BAD .*\n {5}Check LANGSMITH_ENDPOINT/);
    expect(out).not.toContain("Runs arrive.");
    expect(code).toBe(1);
  });

  it("prints no credential of an address, nor of an answer", async () => {
    const url = await answering((path) =>
      path === "/info"
        ? { status: 200, body: { version: "1" } }
        : path.startsWith("/sessions")
          ? { status: 200, body: [] }
          : { status: 422, body: { detail: "bad key a-secret" } },
    );
    const address = `${url.replace("//", "//me:a-secret@")}/`;
    const { out } = await doctor({ LANGSMITH_ENDPOINT: address, LANGSMITH_API_KEY: "a-secret" });
    expect(out).toContain(`destination ${url}`);
    expect(out).toContain("a run was not taken: HTTP 422");
    for (const wrong of ["me:a-secret@host.example", "ftp://me:a-secret@host.example"]) {
      const answer = await doctor({ LANGSMITH_ENDPOINT: wrong, LANGSMITH_API_KEY: "a-secret" });
      expect(answer.out).toContain("host.example");
      expect(answer.out).not.toContain("a-secret");
    }
    expect(out).not.toContain("a-secret");
  });

  it("asks for something that the key is needed for", async () => {
    const asked: string[] = [];
    const url = await answering((path) => {
      asked.push(path);
      return path === "/info" ? { status: 200, body: { version: "1" } } : { status: 401 };
    });
    await doctor({ LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "a-secret" });
    expect(asked).toEqual(["/info", "/sessions?limit=1"]);
  });

  it.each([
    ["a monthly limit", 429, { detail: "Monthly unique traces usage limit exceeded" }, "Usage limits"],
    ["a service that is busy", 429, {}, "Try again"],
    ["a service that is down", 503, {}, "Try again"],
    ["an address that is not the API's", 400, {}, "LANGSMITH_ENDPOINT"],
  ])(
    "says of %s what to do, asked for the projects and sent a run",
    async (_what, status, body, todo) => {
      for (const isRefused of [(path: string) => path !== "/info", (path: string) => path.startsWith("/runs/")]) {
        const url = await answering((path) =>
          isRefused(path)
            ? { status, body }
            : { status: 200, body: path.startsWith("/sessions") ? [] : { version: "1" } },
        );
        const { code, out } = await doctor({ LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "a-secret" });
        expect(out).toMatch(new RegExp(`BAD .*${status}.*\n     .*(${todo}|older or newer)`));
        expect(code).toBe(1);
      }
    },
    90_000,
  );

  it("reads its run back where the v1 calls are gone", async () => {
    const local = await startLocalServer({ port: 0 });
    closing.push(() => local.close());
    const url = await between(local.url, (path) => /^\/runs\/[0-9a-f-]{36}$/.test(path));
    const { code, out } = await doctor({ LANGSMITH_ENDPOINT: url });
    expect(out).toContain("a run went there and back");
    expect(code).toBe(0);
  });

  it("says that the clock is off", async () => {
    const url = await answering(() => ({
      status: 200,
      body: { version: "1" },
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
