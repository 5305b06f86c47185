// Whether tracing is on: every reader of the environment answers alike.
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { isTracingEnabled } from "../../src/authoring/package-names.js";
import { doctor } from "../../src/cli/doctor.js";
import { resolveOptions } from "../../src/options/options.js";
import { OPTIONS } from "../../src/options/table.js";
import { isSwitchedOff, isTracedNatively } from "../../src/options/tracing.js";
import { startBridge } from "../processor/bridge.js";

describe("whether tracing is on", () => {
  it.each<[env: Record<string, string>, said: boolean | undefined]>([
    [{}, undefined],
    [{ LANGSMITH_TRACING: "true" }, true],
    [{ LANGSMITH_TRACING: "0" }, false],
    [{ LANGSMITH_TRACING: " FALSE\n" }, false],
    [{ LANGSMITH_TRACING: '"false"' }, false],
    [{ LANGSMITH_TRACING_V2: "'1'" }, true],
    [{ LANGCHAIN_TRACING_V2: "true", LANGSMITH_TRACING: "false" }, false],
    [{ LANGCHAIN_TRACING: "false", LANGSMITH_TRACING: "true" }, true],
    [{ LANGSMITH_TRACING_V2: "true", LANGSMITH_TRACING: "false" }, true],
    [{ LANGCHAIN_TRACING_V2: "false", LANGCHAIN_TRACING: "true" }, false],
    [{ LANGSMITH_TRACING_V2: "maybe", LANGSMITH_TRACING: "false" }, false],
    [{ LANGSMITH_TRACING_V2: "", LANGCHAIN_TRACING: "0" }, false],
  ])("%j is read alike by the bridge, the authoring API, native tracing and the doctor", async (env, said) => {
    expect(resolveOptions({}, env).enabled).toBe(said ?? true);
    expect(isSwitchedOff(env)).toBe(said === false);
    expect(isTracedNatively(env)).toBe(said === true);
    let out = "";
    // Without an address the doctor ends before it asks anybody.
    expect(await doctor({ ...env, LANGSMITH_ENDPOINT: "nowhere" }, { write: (text) => (out += text) })).toBe(1);
    expect(out.includes("The bridge is switched off by it")).toBe(said === false);
  });

  it("is shown by the doctor with the variable that decides, and its value", async () => {
    let out = "";
    const env = { LANGSMITH_TRACING: "0", LANGCHAIN_TRACING_V2: "true", LANGSMITH_ENDPOINT: "nowhere" };
    await doctor(env, { write: (text) => (out += text) });
    expect(out).toContain("BAD  LANGSMITH_TRACING is 0");
  });

  it("a variable that says neither true nor false is noted by the doctor, by its name", async () => {
    let out = "";
    const env = {
      LANGSMITH_HIDE_INPUTS: "yes",
      LANGSMITH_TRACING: "on",
      LANGSMITH_HIDE_OUTPUTS: "1",
      LANGSMITH_ENDPOINT: "nowhere",
    };
    await doctor(env, { write: (text) => (out += text) });
    const noted = [...out.matchAll(/note (\w+) says neither true nor false/g)].map(([, name]) => name);
    expect(noted).toEqual(["LANGSMITH_TRACING", "LANGSMITH_HIDE_INPUTS"]);
  });

  it("isTracingEnabled() follows the option where one is set, as the bridge does", async () => {
    for (const name of OPTIONS.enabled.variables ?? []) vi.stubEnv(name, "");
    vi.stubEnv("LANGSMITH_TRACING", "false");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(isTracingEnabled()).toBe(false);
    const off = await startBridge();
    expect(isTracingEnabled()).toBe(false);
    await off.finish();
    const on = await startBridge({ enabled: true });
    expect(isTracingEnabled()).toBe(true);
    await on.finish();
  });
});
