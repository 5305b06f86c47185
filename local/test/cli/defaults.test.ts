// What the server does that nobody told anything: it listens for this machine alone, and keeps its data beside the user.
import { access, mkdtemp, realpath, rm } from "node:fs/promises";
import { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LocalServerOptions, startLocalServer } from "../../src/index.js";
import { serveWith } from "../process.js";
import { ingest, makeRun } from "../support.js";

describe("the address", () => {
  /** Starts a server, and answers where its socket listens and whether it answers at an address. */
  async function listening(options: LocalServerOptions, at?: string): Promise<{ address: string; answers: boolean }> {
    const listen = vi.spyOn(Server.prototype, "listen");
    const server = await startLocalServer(options);
    const sockets: unknown[] = [...listen.mock.contexts];
    listen.mockRestore();
    const [socket] = sockets;
    const address = socket instanceof Server ? socket.address() : undefined;
    if (sockets.length !== 1 || typeof address !== "object" || !address) throw new Error("not one socket listens");
    const answer = await fetch(at === undefined ? server.url : `http://${at}:${server.port}/info`).catch(
      () => undefined,
    );
    await answer?.arrayBuffer();
    await server.close();
    return { address: address.address, answers: answer?.ok === true };
  }

  test("is this machine's alone unless the server is told otherwise", async () => {
    expect(await listening({})).toEqual({ address: "127.0.0.1", answers: true });
    expect(await listening({ host: "0.0.0.0" }, "127.0.0.1")).toEqual({ address: "0.0.0.0", answers: true });
  });

  // All of 127.0.0.0/8 leads to this machine on Linux: an address that a socket on 127.0.0.1 does not have.
  test.runIf(process.platform === "linux")("is the only one that is answered", async () => {
    expect(await listening({}, "127.0.0.2")).toEqual({ address: "127.0.0.1", answers: false });
    expect(await listening({ host: "0.0.0.0" }, "127.0.0.2")).toEqual({ address: "0.0.0.0", answers: true });
  });
});

describe("the command line", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "local-defaults-")));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test.each([[["--port", "0"]], [["serve", "--port", "0"]]])(
    "%j keeps its data in .langsmith-local where it was started, and listens on 127.0.0.1",
    async (args) => {
      const server = await serveWith(args, folder);
      expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      await ingest(server.url, [makeRun({ name: "kept" })]);
      expect(await server.stop("SIGTERM")).toBe(0);
      await access(join(folder, ".langsmith-local/runs.db"));
    },
  );
});
