// An error that nobody catches, under register: its runs arrive or are on disk, and the process ends as it would have.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Application, ASK, layApplication, SDK } from "./application.js";

let application: Application;
let receiver: Receiver;
beforeAll(async () => {
  application = await layApplication(SDK);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const program = (more: string) => `
  import { trace } from "@opentelemetry/api";
  ${ASK}
  setInterval(() => {}, 1000);
  process.on("exit", (code) => console.log("exit", code));
  process.on("uncaughtExceptionMonitor", () => console.log("seen"));
  ask("asked");
  ${more}`;

const REGISTERED = ["--import", "otel-langsmith/register"];

async function run(more: string, flags: readonly string[], env: Record<string, string> = {}) {
  await application.write("failing.mjs", program(more));
  return application.start([...flags, "failing.mjs"], { LANGSMITH_ENDPOINT: receiver.url, ...env }).ended();
}

const arrived = () => [...receiver.runs.values()].map((run) => run.name).sort();
const BOTH = ["asked", "asked child"];

/** What the error itself printed: from its own name on. */
const stackOf = (stderr: string) => stderr.slice(stderr.search(/^\[?(?:\w*Error|UnhandledPromise)/m)).trim();

describe("an error that nobody catches", () => {
  it.each([
    ["thrown at once", `throw new TypeError("boom");`],
    ["thrown later", `setTimeout(() => { throw new TypeError("boom"); }, 5);`],
    ["of a promise", `void Promise.reject(new RangeError("boom"));`],
    ["of a promise that is no Error", `void Promise.reject("boom");`],
  ])("%s ends the process as it would have, and its runs have arrived", async (_name, more) => {
    const plain = await run(more, []);
    const { code, signal, stdout, stderr } = await run(more, REGISTERED);
    expect({ code, signal, stdout }).toEqual({ code: plain.code, signal: plain.signal, stdout: plain.stdout });
    expect(stdout).toBe("seen\nexit 1\n");
    expect(stackOf(stderr)).toBe(stackOf(plain.stderr));
    expect(stackOf(stderr)).toContain("boom");
    expect(arrived()).toEqual(BOTH);
  });

  it("closes the span in which it was thrown", async () => {
    await run(
      `trace.getTracer("app").startActiveSpan("failing", { attributes: { "gen_ai.operation.name": "chat" } }, () => {
      throw new Error("boom"); });`,
      REGISTERED,
    );
    expect(receiver.one("failing").end_time).toBeDefined();
    expect(receiver.one("failing").error).toContain("LSB_ERR_NEVER_ENDED");
  });

  it("is the application's where it has a listener of its own, however that ends", async () => {
    const more = `process.on("uncaughtException", (error) => { console.log("mine", error.message); setTimeout(() => process.exit(3), 1500); });
      throw new Error("boom");`;
    expect(await run(more, REGISTERED)).toMatchObject({ code: 3, stdout: "seen\nmine boom\nexit 3\n" });
    expect(arrived()).toEqual(BOTH);
  });

  it("leaves no listener of ours where others count them", async () => {
    const more = `console.log(process.listenerCount("uncaughtException"), process.listenerCount("unhandledRejection")); process.exit(0);`;
    expect((await run(more, REGISTERED)).stdout).toBe("0 0\nexit 0\n");
  });

  it("ends the process at once when a second one follows", async () => {
    const started = performance.now();
    const more = `setTimeout(() => { throw new Error("second"); }, 50); throw new Error("first");`;
    const { code, stderr } = await run(more, REGISTERED, { LANGSMITH_ENDPOINT: "http://127.0.0.1:9" });
    expect(code).toBe(1);
    expect(stackOf(stderr)).toContain("Error: first");
    expect(performance.now() - started).toBeLessThan(4_500);
  });

  it("leaves on disk what cannot be sent in five seconds, where there is a spool", async () => {
    const dir = join(application.folder, "spool");
    const env = { LANGSMITH_ENDPOINT: "http://127.0.0.1:9", LANGSMITH_FAILED_TRACES_DIR: dir };
    expect(await run(`throw new Error("boom");`, REGISTERED, env)).toMatchObject({ code: 1 });
    expect((await readdir(dir, { recursive: true })).length).toBeGreaterThan(0);
  });
});
