// What delivery costs: send() on the caller's side, and runs a second to the socket, with and without a journal.
// Run with `node --import tsx bench/delivery-throughput.ts [runs]`.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDelivery, type DeliveryOptions } from "../src/delivery/index.js";
import { newRun } from "../test/delivery/runs.js";

const count = Number(process.argv[2] ?? 20_000);
const runs = Array.from({ length: count }, () =>
  newRun({
    inputs: { messages: [{ role: "user", content: "why ".repeat(200) }] },
    outputs: { answer: "because ".repeat(100) },
  }),
);

/** Takes whatever comes and offers gzip. */
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(request.url === "/info" ? 200 : 202, { "content-type": "application/json" });
    response.end(JSON.stringify({ version: "bench", instance_flags: { gzip_body_enabled: true } }));
  });
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const dir = mkdtempSync(join(tmpdir(), "otel-langsmith-bench-"));

async function measure(options: Partial<DeliveryOptions>): Promise<{ sendMicros: number; perSecond: number }> {
  const delivery = createDelivery({ apiUrl, apiKey: "bench", queue: { maxBytes: 2 ** 31 }, ...options });
  const began = performance.now();
  let spent = 0;
  for (let at = 0; at < runs.length; at += 100) {
    const from = performance.now();
    for (const run of runs.slice(at, at + 100)) delivery.send({ kind: "post", run });
    spent += performance.now() - from;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await delivery.shutdown(60_000);
  const { sent } = delivery.stats();
  if (sent !== runs.length) throw new Error(`${sent} of ${runs.length} runs arrived`);
  return { sendMicros: (spent * 1_000) / runs.length, perSecond: (runs.length * 1_000) / (performance.now() - began) };
}

const forms: [string, Partial<DeliveryOptions>][] = [
  ["uncompressed", { compression: "none" }],
  ["gzip", { compression: "gzip" }],
  ["gzip, journal", { compression: "gzip", spool: { dir, mode: "always" } }],
];
await measure(forms[0]?.[1] ?? {});
const results = [];
for (const [name, options] of forms) results.push({ name, ...(await measure(options)) });
const [first] = results;
console.log(`${count} runs of about 2 kB, Node ${process.version}`);
for (const { name, sendMicros, perSecond } of results) {
  const ratio = first ? (perSecond / first.perSecond).toFixed(2) : "";
  console.log(
    `${name.padEnd(16)} send() ${sendMicros.toFixed(1).padStart(6)} µs a run   ${Math.round(perSecond).toLocaleString("en").padStart(8)} runs/s   x${ratio}`,
  );
}
rmSync(dir, { recursive: true, force: true });
server.close();
server.closeAllConnections();
