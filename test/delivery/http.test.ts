// Answers and what they mean; requests that no instrumentation sees.
import { context, createContextKey } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { MockAgent } from "undici";
import { describe, expect, it, vi } from "vitest";
import { failureOf } from "../../src/delivery/answers.js";
import { createDelivery } from "../../src/delivery/index.js";
import { newRun } from "./runs.js";

const answered = (status: number, text = "", headers: Record<string, string> = {}) =>
  failureOf({ status, text, headers });

describe("failureOf", () => {
  it.each([
    [202, undefined, undefined],
    [200, undefined, undefined],
    [400, "malformed", "refused"],
    [422, "malformed", "refused"],
    [401, "unauthorized", "refused"],
    [403, "forbidden", "refused"],
    [404, "misconfigured", "refused"],
    [301, "misconfigured", "refused"],
    [405, "misconfigured", "refused"],
    [408, "unavailable", "unknown"],
    [409, "conflict", "refused"],
    [413, "too_large", "refused"],
    [415, "encoding", "refused"],
    [425, "unavailable", "refused"],
    [429, "throttled", "refused"],
    [500, "unavailable", "unknown"],
    [502, "unavailable", "unknown"],
    [503, "unavailable", "unknown"],
    [504, "unavailable", "unknown"],
  ])("reads %i as %s, %s", (status, kind, reach) => {
    const error = answered(status);
    expect(error?.kind).toBe(kind);
    expect(error?.reach).toBe(reach);
  });

  it("takes a web page for no answer of the service's, whatever its status says", () => {
    const page = answered(200, "\n<!DOCTYPE html><title>Sign in</title>");
    expect([page?.kind, page?.reach, page?.message]).toEqual(["misconfigured", "refused", "HTTP 200 with a web page"]);
    for (const text of ["", "ok", "{}", '{"message":"<html>"}']) expect(answered(202, text)).toBeUndefined();
  });

  it("reads Retry-After in seconds, and as a date against the server's own clock", () => {
    expect(answered(429, "", { "retry-after": "7" })?.retryAfterMillis).toBe(7_000);
    expect(
      answered(503, "", { "retry-after": "Fri, 02 Jan 2026 03:04:20 GMT", date: "Fri, 02 Jan 2026 03:04:05 GMT" })
        ?.retryAfterMillis,
    ).toBe(15_000);
    expect(answered(503, "", { "retry-after": "soon" })?.retryAfterMillis).toBeUndefined();
  });

  it("knows a monthly limit by what it says", () => {
    expect(answered(429, '{"detail":"Monthly unique traces usage limit exceeded"}')?.isQuota).toBe(true);
    expect(answered(429, '{"detail":"Too many requests"}')?.isQuota).toBe(false);
  });

  it("says what the service said, without what it echoes of a run", () => {
    expect(answered(400, '{"error":"bad dotted_order"}')?.message).toBe("HTTP 400: bad dotted_order");
    const echo = '{"detail":[{"msg":"field required","loc":["body"],"input":{"prompt":"secret words"}}]}';
    expect(answered(422, echo)?.message).toBe("HTTP 422: field required");
  });
});

describe("requests", () => {
  it("run with tracing suppressed and outside the caller's context, through the caller's own dispatcher", async () => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    const agent = new MockAgent();
    agent.disableNetConnect();
    const suppressed = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
    const callers = createContextKey("the caller's own");
    const seen: unknown[] = [];
    const note = () => {
      seen.push([context.active().getValue(suppressed), context.active().getValue(callers)]);
      return { statusCode: 202, data: "{}" };
    };
    const pool = agent.get("http://langsmith.test");
    pool.intercept({ path: "/info", method: "GET" }).reply(note);
    pool.intercept({ path: "/runs/multipart", method: "POST" }).reply(note);
    const original = agent.dispatch.bind(agent);
    vi.spyOn(agent, "dispatch").mockImplementation((options, handler) => {
      // undici's own instrumentation looks here, when the request is made.
      seen.push([context.active().getValue(suppressed), context.active().getValue(callers)]);
      return original(options, handler);
    });
    try {
      const delivery = createDelivery({ apiUrl: "http://langsmith.test", dispatcher: agent, batchDelayMillis: 0 });
      await context.with(context.active().setValue(callers, "here"), async () => {
        delivery.send({ kind: "post", run: newRun() });
        await delivery.shutdown(5_000);
      });
      expect(delivery.stats().sent).toBe(1);
      expect(seen.length).toBeGreaterThanOrEqual(2);
      for (const [isSuppressed, caller] of seen as [unknown, unknown][]) {
        expect(isSuppressed).toBe(true);
        expect(caller).toBeUndefined();
      }
    } finally {
      context.disable();
      manager.disable();
      await agent.close();
    }
  });
});
