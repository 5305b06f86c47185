// createAnonymizer: the same masks as the langsmith package's, for every form of rules.
import { createAnonymizer as createNative } from "langsmith/anonymizer";
import { expect, it } from "vitest";
import { createAnonymizer } from "../../src/privacy/anonymizer.js";

const data = { a: "mail me@x.io", list: ["me@x.io", { deep: "me@x.io me@x.io" }], n: 1, none: null };
const mail = /\S+@\S+/g;

it.each([
  ["patterns", [{ pattern: mail, replace: "<mail>" }, { pattern: "mail" }]],
  ["a function", (value: string, path?: string) => (path === "list[1].deep" ? "gone" : value.toUpperCase())],
  [
    "a processor",
    {
      maskNodes: (nodes: { value: string; path: string }[]) =>
        nodes.filter(({ path }) => path === "a").map((n) => ({ ...n, value: "x" })),
    },
  ],
])("masks as the langsmith package does, by %s", (_, rules) => {
  expect(createAnonymizer(rules as never)(data)).toEqual(createNative(rules as never)(data));
  expect(data.a).toBe("mail me@x.io");
});

it("masks a text alone, and stops at maxDepth", () => {
  expect(createAnonymizer([{ pattern: mail }])("me@x.io")).toBe("[redacted]");
  expect(createAnonymizer([{ pattern: mail }], { maxDepth: 1 })(data)).toMatchObject({
    a: "mail [redacted]",
    list: data.list,
  });
});

it("refuses rules that mask nothing", () => {
  expect(() => createAnonymizer([])).toThrow("LSB_ERR_OPTION");
  expect(() => createAnonymizer([{ type: "path" as never, pattern: "a" }])).toThrow("LSB_ERR_OPTION");
});
