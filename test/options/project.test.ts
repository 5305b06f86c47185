// The project that the environment names, for everybody who asks for it.
import { expect, it, onTestFinished, vi } from "vitest";
import { getDefaultProjectName } from "../../src/authoring/package-names.js";
import { resolveOptions } from "../../src/options/options.js";

it.each<[env: Record<string, string>, project: string]>([
  [{ LANGSMITH_PROJECT: '"my project"' }, "my project"],
  [{ LANGSMITH_PROJECT: "'mine'\n" }, "mine"],
  [{ LANGSMITH_PROJECT: '""', LANGCHAIN_PROJECT: '"older"' }, "older"],
  [{ LANGCHAIN_SESSION: '"session"' }, "session"],
  [{ LANGSMITH_AGENT_ID: '"desk"', LANGSMITH_AGENT_ENVIRONMENT: "'local'" }, "lrn:agents/desk/environments/local"],
  [{ LANGSMITH_PROJECT: "it's" }, "it's"],
  [{}, "default"],
])("%j loses the quotes that files leave around it, with and without a bridge", (env, project) => {
  expect(resolveOptions({}, env).projectName).toBe(project);
  for (const name of ["LANGSMITH_PROJECT", "LANGCHAIN_PROJECT", "LANGSMITH_SESSION", "LANGCHAIN_SESSION"]) {
    vi.stubEnv(name, env[name] ?? "");
  }
  for (const name of ["LANGSMITH_AGENT_ID", "LANGSMITH_AGENT_ENVIRONMENT"]) vi.stubEnv(name, env[name] ?? "");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(getDefaultProjectName()).toBe(project);
});

it("the option projectName loses them, too", () => {
  expect(resolveOptions({ projectName: ' "mine"\n' }, {}).projectName).toBe("mine");
  expect(resolveOptions({ projectName: " " }, { LANGSMITH_PROJECT: "theirs" }).projectName).toBe("theirs");
});

it("every variable of LangSmith's does", () => {
  const env = {
    LANGSMITH_HIDE_INPUTS: '"true"',
    LANGSMITH_TRACING_SAMPLING_RATE: "'0.5'",
    LANGSMITH_OTEL_SPANS: '"all"',
    LANGSMITH_OTEL_PENDING_AFTER_MILLIS: "'7'",
    LANGSMITH_OTEL_FLUSH_BEFORE_EXIT: '"false"',
    LANGSMITH_FAILED_TRACES_DIR: '"failed"',
    LANGSMITH_FAILED_TRACES_MAX_MB: '"1"',
  };
  expect(resolveOptions({}, env)).toMatchObject({
    hideInputs: true,
    samplingRate: 0.5,
    spans: "all",
    pendingAfterMillis: 7,
    flushBeforeExit: false,
    spool: { dir: "failed", maxBytes: 1_048_576 },
  });
});
