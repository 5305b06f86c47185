// How a registered process ends: by SIGTERM and SIGINT as it would have ended without the bridge, with nothing lost.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Application, ASK, layApplication, SDK } from "./application.js";

let application: Application;
let receiver: Receiver;

/** A server-like program: asks, says so, and waits; `more` is its own handling of signals. */
const waiting = (more: string) => `
  import { trace } from "@opentelemetry/api";
  import { onExit } from "signal-exit";
  import { createRequire } from "node:module";
  ${ASK}
  const alive = setInterval(() => {}, 1000);
  ${more}
  ask("asked");
  console.log("ready");
`;

beforeAll(async () => {
  application = await layApplication([...SDK, "signal-exit", "signal-exit-3"]);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

async function kill(text: string, signal: NodeJS.Signals, flags = ["--import", "otel-langsmith/register"]) {
  await application.write("waiting.mjs", waiting(text));
  // The spans wait for company longer than the test lasts: what arrives was flushed by the end.
  const running = application.start([...flags, "waiting.mjs"], { LANGSMITH_ENDPOINT: receiver.url });
  await running.saw("ready");
  running.child.kill(signal);
  return running.ended();
}

const arrived = () => [...receiver.runs.values()].map((run) => run.name).sort();
const BOTH = ["asked", "asked child"];

describe.each(["SIGTERM", "SIGINT"] as const)("on %s", (signal) => {
  it("a process without a handler is ended by the signal, and its runs have arrived", async () => {
    const ended = await kill("", signal);
    expect(ended).toMatchObject({ code: null, signal });
    expect(arrived()).toEqual(BOTH);
    expect(receiver.problems).toEqual([]);
  });

  it("a process with signal-exit ends by the signal, its callback called once with it", async () => {
    const ended = await kill(`onExit((code, signal) => console.log("exit", code, signal));`, signal);
    expect(ended).toMatchObject({ code: null, signal, stdout: `ready\nexit null ${signal}\n` });
    expect(arrived()).toEqual(BOTH);
  });

  it.each([
    ["version 3 of it", `third((code, signal) => console.log("exit", code, signal));`, 1],
    [
      "versions 3 and 4 of it",
      `for (const on of [third, onExit]) on((code, signal) => console.log("exit", code, signal));`,
      2,
    ],
  ])("a process with %s ends by the signal, too", async (_name, text, count) => {
    const ended = await kill(`const third = createRequire(import.meta.url)("signal-exit-3");${text}`, signal);
    expect(ended).toMatchObject({ code: null, signal, stdout: `ready\n${`exit null ${signal}\n`.repeat(count)}` });
    expect(arrived()).toEqual(BOTH);
  });

  it.each([
    ["on", "on"],
    ["once", "once"],
  ])("a process with a handler of its own (%s) ends when and how that says", async (_name, method) => {
    const handler = `process.${method}("${signal}", () => {
      console.log("handled");
      setTimeout(() => { ask("last"); clearInterval(alive); process.exitCode = 7; }, 50);
    });`;
    const ended = await kill(handler, signal);
    expect(ended).toMatchObject({ code: 7, signal: null, stdout: "ready\nhandled\n" });
    expect(arrived()).toEqual([...BOTH, "last", "last child"]);
  });

  it("a handler that was there before register, and is set with once, counts, too", async () => {
    const ended = await kill(
      `process.once("${signal}", () => { console.log("handled"); clearInterval(alive); });
       const { register } = await import("otel-langsmith");
       register();`,
      signal,
      [],
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: "ready\nhandled\n" });
    expect(arrived()).toEqual(BOTH);
  });

  it("a handler beside signal-exit is the application's", async () => {
    const ended = await kill(
      `onExit(() => console.log("exit"));
       process.on("${signal}", () => { console.log("handled"); clearInterval(alive); });`,
      signal,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: "ready\nhandled\nexit\n" });
    expect(arrived()).toEqual(BOTH);
  });
});

describe("an end that cannot flush", () => {
  /** A service that takes connections and never answers. */
  async function startHanging() {
    let isCalled: () => void = () => {};
    const called = new Promise<void>((resolve) => {
      isCalled = resolve;
    });
    const server = createServer(() => isCalled());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return { url: `http://127.0.0.1:${port}`, called, close };
  }

  it("is not waited for when the signal comes a second time", async () => {
    const hanging = await startHanging();
    try {
      await application.write("waiting.mjs", waiting(""));
      const flags = ["--import", "otel-langsmith/register", "waiting.mjs"];
      const running = application.start(flags, { LANGSMITH_ENDPOINT: hanging.url });
      await running.saw("ready");
      running.child.kill("SIGINT");
      await hanging.called;
      running.child.kill("SIGINT");
      expect(await running.ended()).toMatchObject({ code: null, signal: "SIGINT" });
    } finally {
      await hanging.close();
    }
  });

  it("ends within shutdownTimeoutMillis when the service hangs", async () => {
    const hanging = await startHanging();
    try {
      const text = `import { register } from "otel-langsmith"; register({ shutdownTimeoutMillis: 200 });`;
      await application.write("waiting.mjs", text + waiting(""));
      const running = application.start(["waiting.mjs"], { LANGSMITH_ENDPOINT: hanging.url });
      await running.saw("ready");
      running.child.kill("SIGTERM");
      expect(await running.ended()).toMatchObject({ code: null, signal: "SIGTERM" });
    } finally {
      await hanging.close();
    }
  });

  it("ends by itself within one shutdownTimeoutMillis when the service hangs", async () => {
    const hanging = await startHanging();
    try {
      const text = `import { register } from "otel-langsmith"; import { trace } from "@opentelemetry/api";
        register({ shutdownTimeoutMillis: 3000 });${ASK}ask("asked");
        process.once("beforeExit", () => {
          const idleAt = performance.now();
          process.once("exit", () => console.log(Math.round(performance.now() - idleAt)));
        });`;
      await application.write("idle.mjs", text);
      const ended = await application.start(["idle.mjs"], { LANGSMITH_ENDPOINT: hanging.url }).ended();
      expect(ended).toMatchObject({ code: 0 });
      // Twice that is what a flush and then a shutdown took.
      expect(Number(ended.stdout.trim().split("\n").at(-1))).toBeLessThan(5_500);
      expect(ended.stderr).toContain("LSB_WARN_UNREACHED");
    } finally {
      await hanging.close();
    }
  });

  it("process.exit() loses what is queued, and not after forceFlush", async () => {
    const program = (
      more: string,
    ) => `import { register } from "otel-langsmith"; import { trace } from "@opentelemetry/api";
      const registration = register();${ASK}ask("asked"); ${more} process.exit(4);`;
    await application.write("exit.mjs", program(""));
    await application.write("flushed.mjs", program("await registration.forceFlush();"));
    const env = { LANGSMITH_ENDPOINT: receiver.url };
    expect(await application.start(["exit.mjs"], env).ended()).toMatchObject({ code: 4 });
    expect(arrived()).toEqual([]);
    expect(await application.start(["flushed.mjs"], env).ended()).toMatchObject({ code: 4 });
    expect(arrived()).toEqual(BOTH);
  });

  it("a span that is open at the end is closed as an error that says so", async () => {
    const text = `import { trace } from "@opentelemetry/api";
      trace.getTracer("app").startSpan("open", { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } });`;
    await application.write("open.mjs", text);
    const flags = ["--import", "otel-langsmith/register", "open.mjs"];
    expect(await application.start(flags, { LANGSMITH_ENDPOINT: receiver.url }).ended()).toMatchObject({ code: 0 });
    expect(receiver.one("open").end_time).toBeDefined();
    expect(receiver.one("open").error).toBeTruthy();
    expect(receiver.problems).toEqual([]);
  });

  it("a span that is open at the end is closed when nothing else was left to send, too", async () => {
    const text = `import { register } from "otel-langsmith"; import { trace } from "@opentelemetry/api";
      const registration = register({ pendingAfterMillis: 0 });
      globalThis.open = trace.getTracer("app").startSpan("open", { attributes: { "gen_ai.operation.name": "chat" } });
      await registration.forceFlush();`;
    await application.write("open.mjs", text);
    expect(await application.start(["open.mjs"], { LANGSMITH_ENDPOINT: receiver.url }).ended()).toMatchObject({
      code: 0,
    });
    expect(receiver.one("open").error).toContain("open at shutdown");
    expect(receiver.problems).toEqual([]);
  });

  it("shutdown takes the listeners away, and register may be called again", async () => {
    await application.write(
      "again.mjs",
      `import { register } from "otel-langsmith"; import { trace, context, propagation } from "@opentelemetry/api";
       const counts = () => ["SIGTERM", "SIGINT", "beforeExit"].map((name) => process.listenerCount(name)).join();
       const before = counts();
       const first = register();
       const during = counts();
       await first.shutdown();
       console.log(before, during, counts());
       const { setGlobalTracerProvider } = trace;
       for (const api of [trace, context, propagation]) api.disable();
       console.log(register() !== first);
       ${ASK}ask("asked");`,
    );
    const ended = await application.start(["again.mjs"], { LANGSMITH_ENDPOINT: receiver.url }).ended();
    expect(ended).toMatchObject({ code: 0, stdout: "0,0,0 1,1,1 0,0,0\ntrue\n" });
    expect(arrived()).toEqual(BOTH);
  });
});
