// Programs like those of the `langsmith` package's own tests of its batches: runs created and updated by hand, by
// trees, with files, with starts and orders that differ.
import { randomUUID } from "node:crypto";
import { RunTree } from "langsmith";
import { convertToDottedOrderFormat } from "langsmith/run_trees";
import { traceable } from "langsmith/traceable";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, listOf, projectName, startBench } from "./support.js";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.server.close());

const inputs = { text: "hello world" };
const outputs = { output: ["Hi"] };

// The order's time: the present in milliseconds, and in seconds, which the client takes for January 1970.
test.each([
  ["of the present", 1, undefined],
  ["decades before the start", 1000, undefined],
  ["of the present, with an end in seconds", 1, "seconds"],
  ["decades before the start, with an end in seconds", 1000, "seconds"],
] as const)("a run with an order %s is created, and updated in a later request", async (_name, divisor, end) => {
  const client = bench.client();
  const id = randomUUID();
  const project_name = projectName("update");
  const { dottedOrder: dotted_order } = convertToDottedOrderFormat(Date.now() / divisor, id);
  await client.createRun({ id, project_name, name: "run", run_type: "llm", inputs, trace_id: id, dotted_order });
  await client.flush();
  const end_time = end ? { end_time: Math.floor(Date.now() / 1000) } : {};
  await client.updateRun(id, { outputs, dotted_order, trace_id: id, ...end_time });
  await client.awaitPendingTraceBatches();
  const stored = await client.readRun(id);
  expect(stored).toMatchObject({ id, name: "run", inputs, outputs, trace_id: id, dotted_order });
  expect(await client.hasProject({ projectName: project_name })).toBe(true);
  if (end) expect(String(stored.end_time).slice(0, 4)).toBe(String(new Date().getFullYear()));
});

test("a run that is created and updated at once is merged by the client, and taken", async () => {
  const client = bench.client();
  const id = randomUUID();
  const { dottedOrder: dotted_order } = convertToDottedOrderFormat(Date.now(), id);
  const place = { trace_id: id, dotted_order };
  await client.createRun({ id, project_name: projectName("merged"), name: "run", run_type: "llm", inputs, ...place });
  await client.updateRun(id, { outputs, ...place, end_time: Date.now() });
  await client.awaitPendingTraceBatches();
  expect(await client.readRun(id)).toMatchObject({ inputs, outputs, status: "success" });
});

test("a run tree with an id of the user's reads back as it stands", async () => {
  const client = bench.client();
  const id = randomUUID();
  const tree = new RunTree({ name: "tree", id, inputs: { input: "a" }, client, project_name: projectName("tree") });
  await tree.postRun();
  await tree.end({ output: "b" });
  await tree.patchRun();
  await client.awaitPendingTraceBatches();
  const { dotted_order, trace_id } = tree;
  expect(await client.readRun(id)).toMatchObject({
    dotted_order,
    trace_id,
    inputs: { input: "a" },
    outputs: { output: "b" },
  });
});

test("a run brings a file, byte by byte", async () => {
  const client = bench.client();
  const id = randomUUID();
  const { dottedOrder: dotted_order } = convertToDottedOrderFormat(Date.now() / 1000, id);
  const place = { trace_id: id, dotted_order };
  const bytes = new Uint8Array([137, 80, 78, 71, 13, 10, 0, 26, 45, 45, 255]);
  const run = { id, project_name: projectName("file"), name: "run", run_type: "llm", inputs, ...place };
  await client.createRun({ ...run, attachments: { picture: ["image/png", bytes] } });
  await client.updateRun(id, { outputs, ...place, end_time: Math.floor(Date.now() / 1000) });
  await client.awaitPendingTraceBatches();
  expect(await client.readRun(id)).toMatchObject({ outputs });
  const file = await fetch(`${bench.server.url}/runs/${id}/attachments/picture`);
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes);
});

test("runs of megabytes come in requests of their own", async () => {
  const client = bench.client();
  const name = projectName("large");
  const large = traceable(async () => "x".repeat(3_000_000), { client, project_name: name, tracingEnabled: true });
  await Promise.all([large(), large(), large()]);
  await client.awaitPendingTraceBatches();
  const runs = await listOf(client.listRuns({ projectName: name }));
  expect(runs.map((run) => JSON.stringify(run.outputs).length > 3_000_000)).toEqual([true, true, true]);
});

test("a stream that its reader cancels is patched twice, and costs no neighbour", async () => {
  const client = bench.client();
  const project_name = projectName("cancelled");
  const config = { client, project_name, tracingEnabled: true };
  await traceable(async () => 1, { name: "innocent", ...config })();
  const stream = await traceable(
    async () =>
      new ReadableStream({
        start(controller) {
          for (const text of ["a", "b"]) controller.enqueue(text);
        },
      }),
    { name: "stream", ...config },
  )();
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel("enough");
  await client.awaitPendingTraceBatches();
  const runs = await listOf(client.listRuns({ projectName: project_name }));
  expect(runs.map((run) => run.name).sort()).toEqual(["innocent", "stream"]);
});
