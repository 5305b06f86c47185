// A trace lives in one project: who may still choose it, and what those are told who come too late.
import { describe, expect, it } from "vitest";
import { tracingContext } from "../../src/propagation/index.js";
import { keepWarnings, said } from "../propagation/said.js";
import type { Receiver } from "../receiver.js";
import { startBridge, treeOf, until } from "./bridge.js";

keepWarnings();

const wish = (project: string) => ({ "langsmith.trace.session_name": project });

function projectsOf(receiver: Receiver): string[] {
  return [...new Set([...receiver.runs.values()].map((run) => run.session_name ?? ""))];
}

describe("a wish for a project inside a trace", () => {
  it("by an attribute at a span's start leaves the trace in its project, and is said once", async () => {
    const bridge = await startBridge();
    bridge.genai.startActiveSpan("root", { attributes: wish("mine") }, (root) => {
      for (let n = 0; n < 3; n += 1) bridge.genai.startSpan("child", { attributes: wish("theirs") }).end();
      bridge.genai.startSpan("agreeing", { attributes: wish("mine") }).end();
      root.end();
    });
    const at = await bridge.finish();
    expect(treeOf(at)).toEqual(["root(child, child, child, agreeing)"]);
    expect(projectsOf(at)).toEqual(["mine"]);
    const warnings = await said("LSB_WARN_NESTED_PROJECT");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('inside a trace of project "mine" asks for project "theirs"');
    expect(warnings[0]).toContain("startTrace");
  });

  it("by tracingContext leaves the trace in its project, and is said once", async () => {
    const bridge = await startBridge();
    bridge.genai.startActiveSpan("root", (root) => {
      tracingContext({ projectName: "theirs" }, () =>
        bridge.genai.startActiveSpan("child", (child) => {
          bridge.genai.startSpan("grandchild").end();
          child.end();
        }),
      );
      root.end();
    });
    const at = await bridge.finish();
    expect(treeOf(at)).toEqual(["root(child(grandchild))"]);
    expect(projectsOf(at)).toEqual(["test"]);
    expect(await said("LSB_WARN_NESTED_PROJECT")).toHaveLength(1);
  });

  it("is not said where tracingContext chose the project before the trace began", async () => {
    const bridge = await startBridge();
    tracingContext({ projectName: "mine" }, () =>
      bridge.genai.startActiveSpan("root", (root) => {
        bridge.genai.startSpan("child").end();
        root.end();
      }),
    );
    expect(projectsOf(await bridge.finish())).toEqual(["mine"]);
    expect(await said("LSB_WARN_NESTED_PROJECT")).toEqual([]);
    expect(await said("LSB_WARN_LATE_PROJECT")).toEqual([]);
  });
});

describe("a project named after a span's start", () => {
  it("moves the whole trace while nothing of it was sent", async () => {
    const bridge = await startBridge({ pendingAfterMillis: Number.POSITIVE_INFINITY });
    bridge.tracer.startActiveSpan("root", (root) => {
      bridge.genai.startActiveSpan("chat", (chat) => {
        chat.setAttributes(wish("named later"));
        chat.end();
      });
      bridge.genai.startSpan("beside").end();
      root.end();
    });
    const at = await bridge.finish();
    expect(treeOf(at)).toEqual(["root(chat, beside)"]);
    expect(projectsOf(at)).toEqual(["named later"]);
    expect(await said("LSB_WARN_LATE_PROJECT")).toEqual([]);
  });

  it("comes too late once something was sent: the trace stays, and that is said once", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 0 });
    const root = bridge.genai.startSpan("root");
    await until(() => bridge.receiver.byName("root").length === 1, "the root's pending post");
    root.setAttributes(wish("named later"));
    root.end();
    const at = await bridge.finish();
    expect(at.operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    expect(at.operations.map(({ run }) => run.session_name)).toEqual(["test", "test"]);
    const warnings = await said("LSB_WARN_LATE_PROJECT");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('asks for project "named later" after its start');
  });
});
