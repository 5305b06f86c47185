// A run that LangSmith returned says its project by id alone: what is done with it happens in that project all the same.
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { MockAgent } from "undici";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunTree } from "../../src/authoring/index.js";
import { primaryBridge } from "../../src/bridges.js";
import { Client } from "../../src/client/client.js";
import { endRun } from "../../src/client/end-run.js";
import { createFeedback } from "../../src/client/feedback.js";
import { getRunUrl } from "../../src/client/run-url.js";
import { withRun } from "../../src/propagation/index.js";
import { segmentOf } from "../../src/wire/dotted-order.js";
import { uuid7 } from "../../src/wire/ids.js";
import { isoOf } from "../../src/wire/time.js";
import { readRuns } from "../interop/trees.js";
import { startBridge, type TestBridge } from "../processor/bridge.js";

let local: LocalServer;
let bridge: TestBridge;
const id = uuid7();

beforeEach(async () => {
  local = await startLocalServer();
  bridge = await startBridge({ apiUrl: local.url, projectName: "own" });
  const micros = Date.now() * 1000;
  const answer = await fetch(`${local.url}/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id,
      trace_id: id,
      dotted_order: segmentOf(micros, id),
      start_time: isoOf(micros),
      name: "job",
      run_type: "chain",
      session_name: "other",
    }),
  });
  expect(answer.status).toBe(202);
});
afterEach(async () => {
  await bridge.processor.shutdown();
  await local.close();
});

test("what starts under a run that our client read, one or several, lives in the run's project", async () => {
  const client = new Client();
  const read = await client.readRun(id);
  expect(read.session_name).toBe("other");
  withRun(read, () => bridge.genai.startSpan("under read").end());
  for await (const run of client.listRuns({ projectName: "other" })) {
    withRun(run, () => bridge.genai.startSpan("under listed").end());
  }
  const step = RunTree.fromRun(read).createChild({ name: "step", run_type: "tool" });
  await step.postRun();
  await step.end({});
  await step.patchRun();
  await client.flush();
  const runs = await readRuns(local.url, "other");
  expect(runs.map(({ name }) => name).sort()).toEqual(["job", "step", "under listed", "under read"]);
});

test("endRun patches a run that LangSmith returned in the run's project", async () => {
  const answer = await fetch(`${local.url}/runs/${id}`);
  const run = (await answer.json()) as { id: string; dotted_order: string; session_id: string };
  expect(run).not.toHaveProperty("session_name");
  const send = vi.spyOn(primaryBridge() ?? expect.fail("no bridge"), "sendRun");
  await endRun(run, { outputs: { done: true } });
  expect(send).toHaveBeenCalledWith("end", expect.objectContaining({ id, session_name: "other" }));
});

test("getRunUrl finds the page of a run that LangSmith returned by the run's own project", async () => {
  const session_id = uuid7();
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  dispatcher
    .get("https://api.smith.langchain.com")
    .intercept({ path: `/sessions/${session_id}` })
    .reply(200, { id: session_id, name: "other", tenant_id: "t" });
  const destination = { apiUrl: "https://api.smith.langchain.com", apiKey: "key", workspaceId: undefined, dispatcher };
  const address = await getRunUrl({ id, trace_id: id, session_id }, destination);
  expect(address).toBe(`https://smith.langchain.com/o/t/projects/p/${session_id}/r/${id}?poll=true`);
});

test.each([[id], [undefined], [{}]])("getRunUrl of %j is an error, not a page that is none", async (run) => {
  await expect(getRunUrl(run as never)).rejects.toMatchObject({ code: "LSB_ERR_RUN_REFERENCE" });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("a score of %d, which JSON has not, is refused", async (score) => {
  await expect(createFeedback({ runId: id, key: "k", score })).rejects.toMatchObject({
    code: "LSB_ERR_OPTION",
    message: expect.stringContaining("score"),
  });
});
