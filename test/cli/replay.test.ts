// `otel-langsmith replay`, as a process: our spool and the langsmith SDK's own files, resumable, with a telling exit code.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "langsmith";
import { startLocalServer } from "otel-langsmith-local";
import { MockAgent } from "undici";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import { encodeParts, type Part } from "../../src/delivery/multipart.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { newRun } from "../delivery/runs.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let server: MisbehavingServer;
let dir: string;

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-replay-"));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function cli(args: string[], env: Record<string, string> = {}): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", MAIN, ...args],
      { env: { ...process.env, LANGSMITH_ENDPOINT: server.url, LANGSMITH_API_KEY: "a-key", ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr });
      },
    );
  });
}

/** Leaves runs in a spool, as a process does whose service is down. */
async function leaveRuns(count: number): Promise<string[]> {
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  const spooling = createDelivery({ apiUrl: server.url, apiKey: "a-key", spool: { dir }, dispatcher });
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const run = newRun();
    ids.push(run.id);
    spooling.send({ kind: "post", run });
  }
  await spooling.shutdown(0);
  return ids;
}

describe("replay", () => {
  it("sends a spool, removes what was sent, and ends with 0", async () => {
    const ids = await leaveRuns(250);
    const dry = await cli(["replay", dir, "--dry-run"]);
    expect(dry.out).toContain("250 operation(s) in the spool");
    expect(dry.code).toBe(1);
    expect(server.requests).toHaveLength(0);
    const { code, out } = await cli(["replay", dir]);
    expect(out).toContain("250 operation(s) sent");
    expect(code).toBe(0);
    expect(ids.every((id) => server.runs.has(id))).toBe(true);
    expect((await readdir(dir)).filter((name) => name.endsWith(".spool"))).toEqual([]);
    expect((await cli(["replay", dir])).code).toBe(0);
  });

  it("does its work to the end when nobody reads what it says any more", async () => {
    const ids = await leaveRuns(3);
    const env = { ...process.env, LANGSMITH_ENDPOINT: server.url, LANGSMITH_API_KEY: "a-key" };
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "replay", dir], { env, stdio: "pipe" });
    child.stdout.destroy();
    let said = "";
    child.stderr.on("data", (piece) => {
      said += piece;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, said.includes("EPIPE"), ids.every((id) => server.runs.has(id))]).toEqual([0, false, true]);
  });

  it("says which lanes there are, which is this environment's, and sends the one that is named", async () => {
    await leaveRuns(3);
    const elsewhere = createDelivery({ apiUrl: server.url, apiKey: "a-key", workspaceId: "w", spool: { dir } });
    server.behave = () => ({ do: "answer", status: 503 });
    elsewhere.send({ kind: "post", run: newRun() });
    await elsewhere.shutdown(0);
    server.behave = () => ({ do: "take" });
    const several = await cli(["replay", dir], { LANGSMITH_WORKSPACE_ID: "w" });
    expect(several.code).toBe(2);
    const [, own = ""] = /(\w{8}) \(1, this environment's own\)/.exec(several.out) ?? [];
    expect(several.out).toMatch(/\w{8} \(3\)/);
    expect((await cli(["replay", dir, "--lane", "typo"])).code).toBe(2);
    expect(await cli(["replay", dir, "--lane", own], { LANGSMITH_WORKSPACE_ID: "w" })).toMatchObject({ code: 0 });
    expect(server.runs.size).toBe(1);
    const again = await cli(["replay", dir, "--lane", own]);
    expect(again).toMatchObject({
      code: 0,
      out: expect.stringMatching(`nothing of lane ${own}; there are \\w{8} \\(3, this environment's own\\)`),
    });
  });

  it("sends the only lane that there is where it is another destination's, only when told to", async () => {
    await leaveRuns(3);
    const elsewhere = { LANGSMITH_WORKSPACE_ID: "another" };
    const refused = await cli(["replay", dir], elsewhere);
    const [, lane = ""] = /--lane (\w{8})/.exec(refused.out) ?? [];
    expect([refused.code, server.runs.size]).toEqual([2, 0]);
    expect((await cli(["replay", dir, "--dry-run"], elsewhere)).out).toContain("3 operation(s) in the spool");
    expect((await cli(["replay", dir, "--lane", lane], elsewhere)).code).toBe(0);
    expect(server.runs.size).toBe(3);
  });

  it("ends with 1 and keeps what is left when the service goes away, and sends the rest when it is called again", async () => {
    const ids = await leaveRuns(250);
    server.behave = (_, index) => (index === 0 ? { do: "take" } : { do: "answer", status: 503 });
    const first = await cli(["replay", dir, "--give-up", "1"]);
    expect(first.code).toBe(1);
    expect(first.out).toContain("run the command again");
    const before = server.runs.size;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(250);
    server.behave = () => ({ do: "take" });
    expect((await cli(["replay", dir])).code).toBe(0);
    expect(ids.every((id) => server.runs.has(id))).toBe(true);
    expect(server.changed).toBe(0);
  });

  it("sends the files that the langsmith SDK wrote", async () => {
    vi.stubEnv("LANGSMITH_FAILED_TRACES_DIR", dir);
    vi.spyOn(console, "warn").mockImplementation(() => {});
    server.behave = () => ({ do: "answer", status: 400, body: "{}" });
    const client = new Client({ apiUrl: server.url, apiKey: "a-key", callerOptions: { maxRetries: 0 } });
    const run = newRun();
    await client.createRun({
      id: run.id,
      trace_id: run.id,
      dotted_order: run.dotted_order,
      start_time: run.start_time,
      name: "by the SDK",
      run_type: "chain",
      inputs: { question: "why" },
      project_name: "tests",
    });
    await client.awaitPendingTraceBatches();
    await vi.waitFor(
      async () => expect((await readdir(dir)).some((name) => name.startsWith("trace_"))).toBe(true),
      20_000,
    );
    vi.unstubAllEnvs();
    server.behave = () => ({ do: "take" });
    const { code, out } = await cli(["replay", dir]);
    expect(out).toContain("1 file(s) of the langsmith SDK");
    expect(code).toBe(0);
    expect(server.runs.get(run.id)?.fields).toMatchObject({ name: "by the SDK", inputs: { question: "why" } });
    expect(await readdir(dir)).toEqual([]);
  });

  /** A file as the SDK writes it. */
  async function leaveFile(name: string, parts: Part[]): Promise<void> {
    const { contentType, data } = encodeParts(parts, "----SDKFormBoundary");
    const envelope = {
      version: 1,
      endpoint: "runs/multipart",
      headers: { "Content-Type": contentType },
      body_base64: data.toString("base64"),
    };
    await writeFile(join(dir, name), JSON.stringify(envelope));
  }

  const json = (name: string, value: unknown): Part => ({
    name,
    type: "application/json",
    data: Buffer.from(JSON.stringify(value)),
  });

  it("sends feedback and attachments of the SDK's files, once", async () => {
    const local = await startLocalServer();
    const run = newRun();
    const feedback = { id: newRun().id, run_id: run.id, trace_id: run.trace_id, key: "correctness", score: 1 };
    await leaveFile("trace_1_whole.json", [
      json(`post.${run.id}`, { ...run, inputs: undefined }),
      json(`post.${run.id}.inputs`, { question: "why" }),
      { name: `attachment.${run.id}.note`, type: "text/plain", data: Buffer.from("hello") },
      json(`feedback.${feedback.id}`, feedback),
    ]);
    const env = { LANGSMITH_ENDPOINT: local.url };
    expect(await cli(["replay", dir], env)).toMatchObject({ code: 0, out: expect.stringContaining("sent") });
    expect(await readdir(dir)).toEqual([]);
    const scored: unknown = await (await fetch(`${local.url}/feedback?run=${run.id}`)).json();
    expect(scored).toEqual([expect.objectContaining({ id: feedback.id, key: "correctness", score: 1 })]);
    const found: unknown = await (await fetch(`${local.url}/runs/${run.id}`)).json();
    expect(found).toMatchObject({ id: run.id, inputs: { question: "why" } });
    expect(JSON.stringify(found)).toContain("note");
    await local.close();
  });

  it("keeps a file of the SDK's of which something is left: a run that is refused, a part that is nobody's", async () => {
    const [good, bad] = [newRun(), newRun({ name: "bad run" })];
    const other = newRun();
    await leaveFile("trace_1_bad.json", [json(`post.${good.id}`, good), json(`post.${bad.id}`, bad)]);
    await leaveFile("trace_2_odd.json", [json(`post.${other.id}`, other), json(`post.${other.id}.novelty`, {})]);
    const { code, out } = await cli(["replay", dir]);
    expect(code).toBe(1);
    expect(out).toContain("trace_1_bad.json: 1 of its 2 run(s) were refused");
    expect(out).toContain("novelty");
    expect(server.runs.has(good.id) && server.runs.has(other.id)).toBe(true);
    expect((await readdir(dir)).sort()).toEqual(["trace_1_bad.json", "trace_2_odd.json"]);
    const again = await cli(["replay", dir]);
    expect(again.code).toBe(1);
    expect(server.changed).toBe(0);
  });

  it("keeps refused runs that are refused again", async () => {
    const spooling = createDelivery({ apiUrl: server.url, apiKey: "a-key", spool: { dir } });
    spooling.send({ kind: "post", run: newRun({ name: "bad run" }) });
    await spooling.flush(5_000);
    await spooling.shutdown(5_000);
    const refused = async () => (await readdir(dir)).filter((name) => name.endsWith(".refused"));
    await vi.waitFor(async () => expect(await refused()).toHaveLength(1));
    expect((await cli(["replay", dir, "--refused"])).code).toBe(1);
    expect(await refused()).toHaveLength(1);
  });

  it("says what is wrong with a key, a directory or an argument, and ends with 1 or 2", async () => {
    await leaveRuns(1);
    server.behave = () => ({ do: "answer", status: 401, body: '{"error":"Invalid token"}' });
    const refused = await cli(["replay", dir]);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain("the last attempt failed: HTTP 401");
    expect(refused.out).not.toContain("a-key");
    expect((await cli(["replay", join(dir, "nowhere")])).code).toBe(2);
    expect((await cli(["replay"])).code).toBe(2);
    expect((await cli(["unknown"])).code).toBe(2);
    await writeFile(join(dir, "trace_1_broken.json"), "{");
    server.behave = () => ({ do: "take" });
    const broken = await cli(["replay", dir]);
    expect(broken.code).toBe(1);
    expect(broken.out).toContain("trace_1_broken.json");
  }, 60_000);
});
