// A request's root run is named by its route, where a framework's span below it knows the route at its end alone.
import { SpanKind } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { startBridge, type TestBridge, treeOf } from "./bridge.js";

const model = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } };

/** An HTTP server's span, the framework's inside it, and a model call inside that. */
function request(bridge: TestBridge, name: string, route: string): void {
  const http = bridge.provider.getTracer("@opentelemetry/instrumentation-http");
  http.startActiveSpan(name, { kind: SpanKind.SERVER }, (root) => {
    bridge.provider.getTracer("@hono/otel").startActiveSpan("POST /*", { kind: SpanKind.SERVER }, (inside) => {
      bridge.tracer.startSpan("call", model).end();
      inside.setAttribute("http.route", route);
      inside.end();
    });
    root.end();
  });
}

describe("the root of a request", () => {
  it("has the route that the framework's span knew at its end", async () => {
    const bridge = await startBridge();
    request(bridge, "POST", "/chat/:id");
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["POST /chat/:id(call)"]);
    const { metadata } = receiver.one("POST /chat/:id").extra;
    expect(metadata).toMatchObject({ "http.route": "/chat/:id", "otel.span.name": "POST" });
  });

  it.each([
    ["GET /mine", "/chat/:id"],
    ["POST", "/*"],
  ])("keeps its name %s where that says more, or the route %s nothing", async (name, route) => {
    const bridge = await startBridge();
    request(bridge, name, route);
    expect(treeOf(await bridge.finish())).toEqual([`${name}(call)`]);
  });

  it("has its own route, where it is named by its method alone", async () => {
    const bridge = await startBridge({ traces: "all" });
    const attributes = { "http.route": "/a" };
    bridge.provider.getTracer("t").startSpan("HTTP GET", { kind: SpanKind.SERVER, attributes }).end();
    expect(treeOf(await bridge.finish())).toEqual(["GET /a"]);
  });
});
