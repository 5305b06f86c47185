// Answers and what they mean; requests that no instrumentation sees.
import { context, createContextKey } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { MockAgent } from "undici";
import { describe, expect, it, vi } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import { failureOf } from "../../src/service/answers.js";
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

  it.each([
    ["text/html", "\n<!DOCTYPE html><title>Sign in</title>"],
    ["text/html", "<!-- portal --><html><body>login</body></html>"],
    ["text/html", "<head><title>Sign in</title></head>"],
    ["text/html", "<script>location='/login'</script>"],
    ["text/html; charset=utf-8", "Please sign in"],
    ["TEXT/HTML", "\u001f\u008b\u0008 compressed"],
    ["application/xhtml+xml", '<?xml version="1.0"?><html/>'],
    ["image/png", "PNG"],
    ["text/plain", "<html>"],
    [undefined, "\ufeff<!doctype html>"],
    ["application/json", "<!doctype html>"],
  ])("takes a 2xx of type %s with %j for no answer of the service's", (type, text) => {
    const page = answered(200, text, type === undefined ? {} : { "content-type": type });
    expect([page?.kind, page?.reach, page?.message]).toEqual(["misconfigured", "refused", "HTTP 200 with a web page"]);
  });

  it.each([
    [undefined, ""],
    [undefined, "ok"],
    [undefined, "{}"],
    ["text/html", ""],
    ["text/plain", "accepted"],
    ["application/json", '{"message":"<html>"}'],
    ["application/problem+json", "{"],
    ["text/html", '{"message":"ok"}'],
  ])("takes a 2xx of type %s with %j for an answer", (type, text) => {
    expect(answered(202, text, type === undefined ? {} : { "content-type": type })).toBeUndefined();
  });

  const DATE = "Fri, 02 Jan 2026 03:04:05 GMT";

  it("reads Retry-After in seconds, and as a date against the server's own clock", () => {
    expect(answered(429, "", { "retry-after": "7" })?.retryAfterMillis).toBe(7_000);
    const asDate = answered(503, "", { "retry-after": "Fri, 02 Jan 2026 03:04:20 GMT", date: DATE });
    expect(asDate?.retryAfterMillis).toBe(15_000);
    for (const value of ["soon", "1, 2", "-5", "1e3"]) {
      expect(answered(503, "", { "retry-after": value })?.retryAfterMillis).toBeUndefined();
    }
  });

  it.each(["86400", "99999999999", "Fri, 31 Dec 2099 23:59:59 GMT"])(
    "believes a Retry-After of %s for ten minutes, and no longer",
    (value) => expect(answered(429, "", { "retry-after": value })?.retryAfterMillis).toBe(600_000),
  );

  it.each([
    ["Too many requests. See https://docs/x for an explanation of your plan", undefined],
    ["Rate limit exceeded, 100 requests per month-long quota window", undefined],
    ["tenant exceeded usage limits: Monthly unique traces usage limit exceeded", 600_000],
    ["Monthly unique traces usage limit exceeded", 600_000],
    // It was four minutes and five seconds past the hour.
    ["tenant exceeded usage limits: Hourly events", 3_600_000 - 245_000],
  ])("a 429 that says %j pauses for a usage limit: %s ms", (detail, pause) => {
    const error = answered(429, JSON.stringify({ detail }), { date: DATE });
    expect([error?.kind, error?.isQuota, error?.quotaPauseMillis]).toEqual(["throttled", pause !== undefined, pause]);
  });

  it("tells a 403 in the service's words from one of something in front of it", () => {
    for (const text of ['{"error":"Forbidden"}', '{"detail":"Forbidden"}', '{"detail":"not on your plan"}']) {
      expect(answered(403, text)?.isOfService).toBe(true);
    }
    for (const text of ["<html>Forbidden</html>", "", '{"message":"ok"}']) {
      expect(answered(403, text)?.isOfService).toBe(false);
    }
  });

  it("tells an answer by its status, and keeps the service's text beside it for onError", () => {
    const text = '{"detail":[{"msg":"field required","loc":["body"],"input":{"prompt":"secret words"}}]}';
    expect(answered(422, text)).toMatchObject({ message: "HTTP 422", answer: text });
    expect(answered(500, "")).toMatchObject({ message: "HTTP 500", answer: undefined });
    expect(answered(429, '{"detail":"Monthly traces usage limit exceeded"}')?.message).toBe(
      "HTTP 429, a usage limit of the workspace",
    );
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
