// However far a client has come with its request, the server ends.

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { serveIn } from "../process.js";
import { ingest, makeRun } from "../support.js";

const HEAD = "POST /runs/batch HTTP/1.1\r\nHost: 127.0.0.1\r\n";

const HALVES: [string, string][] = [
  ["nothing yet", ""],
  ["half a line", "POST /runs/ba"],
  ["half its headers", HEAD],
  ["half a body", `${HEAD}Content-Length: 100\r\n\r\n{`],
  ["half a chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\n50\r\n{`],
  ["no body after asking for leave", `${HEAD}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n`],
  [
    "half a multipart body",
    HEAD.replace("batch", "multipart") +
      "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 99\r\n\r\n--b\r\n",
  ],
];

async function half(port: number, text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  await new Promise<void>((resolve) => socket.write(text, () => resolve()));
  return socket;
}

test.each(HALVES)("close() ends within two seconds for a client that has sent %s", async (_name, text) => {
  const errors: unknown[] = [];
  const server = await startLocalServer({ onError: (error) => errors.push(error) });
  const socket = await half(server.port, text);
  // Another request's answer tells that the server has read what was sent before it.
  await fetch(`${server.url}/info`);
  const began = performance.now();
  await Promise.all([server.close(), server.close()]);
  expect(performance.now() - began).toBeLessThan(2000);
  expect(errors).toEqual([]);
  socket.destroy();
});

test("close() ends within two seconds for a client that does not read its answer", async () => {
  const server = await startLocalServer();
  const text = "x".repeat(1_000_000);
  await ingest(
    server.url,
    Array.from({ length: 10 }, () => makeRun({ inputs: { text } })),
  );
  const body = JSON.stringify({ limit: 100 });
  const socket = await half(
    server.port,
    `POST /runs/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  socket.pause();
  await fetch(`${server.url}/info`);
  const began = performance.now();
  await server.close();
  expect(performance.now() - began).toBeLessThan(2000);
  socket.destroy();
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends the command with 0 while a request is half sent", async (signal) => {
  const directory = await mkdtemp(join(tmpdir(), "local-close-"));
  const serving = await serveIn(directory);
  const text = `${HEAD}Content-Length: 100\r\n\r\n{`;
  const socket = await half(Number(new URL(serving.url).port), text);
  await fetch(`${serving.url}/info`);
  const began = performance.now();
  expect(await serving.stop(signal)).toBe(0);
  expect(performance.now() - began).toBeLessThan(2500);
  socket.destroy();
  await rm(directory, { recursive: true, force: true });
});
