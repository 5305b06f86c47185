// A variable that makes no sense is an error that names the variable, since nobody finds an option that they never set.

import { describe, expect, it } from "vitest";
import { destinationOf } from "../../src/cli/destination.js";
import { LangSmithOptionError } from "../../src/errors.js";
import { resolveOptions } from "../../src/options/options.js";
import { inboundRules } from "../../src/propagation/options.js";

const ways: [variable: string, value: string, takes: string, read: (env: Record<string, string>) => unknown][] = [
  ["LANGSMITH_OTEL_SPANS", "some", '"application" or "all"', (env) => resolveOptions({}, env)],
  ["LANGSMITH_OTEL_TRACES", "llm", '"genai" or "all"', (env) => resolveOptions({}, env)],
  ["LANGSMITH_OTEL_PENDING_AFTER_MILLIS", "soon", "a number", (env) => resolveOptions({}, env)],
  ["LANGSMITH_OTEL_PENDING_AFTER_MILLIS", "-5", "a number of milliseconds", (env) => resolveOptions({}, env)],
  ["LANGSMITH_OTEL_INBOUND_TRACE", "maybe", "true or false", (env) => inboundRules({}, env)],
];

describe("a bad value of a variable", () => {
  it.each(ways)("%s=%s is an error that names it and says what it takes", (variable, value, takes, read) => {
    let thrown: unknown;
    try {
      read({ [variable]: value });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LangSmithOptionError);
    expect(String(thrown)).toContain(`LSB_ERR_OPTION: ${variable} must be ${takes}`);
    expect(String(thrown)).toContain(value);
  });

  it.each(ways)("%s=%s does not matter where the option is given", (variable, value) => {
    const env = { [variable]: value };
    expect(() => resolveOptions({ spans: "all", traces: "all", pendingAfterMillis: 1 }, env)).not.toThrow();
    expect(() => inboundRules({ trace: false, project: [] }, env)).not.toThrow();
  });

  it("is no word of LANGSMITH_OTEL_INBOUND_PROJECTS: any is a project's name, empty ones are passed over", () => {
    expect(inboundRules({}, { LANGSMITH_OTEL_INBOUND_PROJECTS: " a ,, b,*" }).project).toEqual(["a", "b", "*"]);
    expect(inboundRules({}, { LANGSMITH_OTEL_INBOUND_PROJECTS: " , " }).project).toEqual([]);
  });
});

describe("an address, a key, a workspace", () => {
  it("lose the quotes and line breaks that files leave around them, as with the langsmith package", () => {
    const env = {
      LANGSMITH_ENDPOINT: '"http://127.0.0.1:4319/"',
      LANGSMITH_API_KEY: " 'a key'\n",
      LANGSMITH_WORKSPACE_ID: '""',
    };
    const expected = { apiUrl: "http://127.0.0.1:4319", apiKey: "a key", workspaceId: undefined };
    expect(resolveOptions({}, env)).toMatchObject(expected);
    expect(destinationOf(env)).toEqual(expected);
    const given = { apiUrl: "http://127.0.0.1:4319\n", apiKey: '"a key"', workspaceId: "w\n" };
    expect(resolveOptions(given, {})).toMatchObject({ ...expected, workspaceId: "w" });
    expect(resolveOptions({ apiKey: `it's "so"` }, {}).apiKey).toBe(`it's "so"`);
  });
});
