// Two copies of the package in one process: the sources loaded twice, and a fixture that a copy of another shape left.
import { afterEach, describe, expect, it, vi } from "vitest";

const KEY = Symbol.for("otel-langsmith.shared.1");

/** A copy of the package of its own, as a bundle beside node_modules is. */
async function loadCopy() {
  vi.resetModules();
  return {
    ...(await import("../src/index.js")),
    bridges: await import("../src/bridges.js"),
    shared: await import("../src/shared.js"),
    warnings: await import("../src/warnings.js"),
  };
}

type Copy = Awaited<ReturnType<typeof loadCopy>>;

const options = { apiUrl: "http://127.0.0.1:9", apiKey: "any", enabled: true } as const;
const stops: (() => Promise<void>)[] = [];

function startProcessor(copy: Copy) {
  const processor = new copy.LangSmithSpanProcessor({ ...options, shutdownTimeoutMillis: 1 });
  stops.push(() => processor.shutdown());
  return processor;
}

/** What stands on globalThis is laid aside for one test. */
async function withGlobal(value: unknown, test: () => Promise<void>): Promise<void> {
  const before: unknown = Reflect.get(globalThis, KEY);
  Reflect.deleteProperty(globalThis, KEY);
  if (value !== undefined) Object.defineProperty(globalThis, KEY, { value, configurable: true, writable: true });
  try {
    await test();
  } finally {
    Reflect.deleteProperty(globalThis, KEY);
    if (before !== undefined) Object.defineProperty(globalThis, KEY, { value: before, configurable: true });
  }
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  vi.restoreAllMocks();
});

describe("two copies of the package in one process", () => {
  it("share one symbol on globalThis, which nobody meets by listing it", async () => {
    await withGlobal(undefined, async () => {
      const before = new Set(Object.getOwnPropertySymbols(globalThis));
      const first = await loadCopy();
      startProcessor(first);
      const second = await loadCopy();
      startProcessor(second);
      const added = Object.getOwnPropertySymbols(globalThis).filter((symbol) => !before.has(symbol));
      expect(added).toEqual([KEY]);
      expect(Object.getOwnPropertyDescriptor(globalThis, KEY)?.enumerable).toBe(false);
      expect(second.bridges.bridges()).toHaveLength(2);
      expect(first.bridges.bridges()).toBe(second.bridges.bridges());
      expect(second.shared.unsharedParts()).toEqual([]);
    });
  });

  it("make errors of which instanceof holds in both, and of subclasses in neither", async () => {
    const first = await loadCopy();
    const second = await loadCopy();
    const classes = [
      "LangSmithOptionError",
      "RunReferenceError",
      "RunIdError",
      "RunTimeError",
      "NoRunTreeError",
      "LangSmithRequestError",
      "NotHereError",
    ] as const;
    const errors = {
      LangSmithOptionError: new first.LangSmithOptionError("apiUrl", "an address", 7),
      RunReferenceError: new first.RunReferenceError("LSB_ERR_RUN_ID", "no id"),
      RunIdError: new first.RunIdError("x"),
      RunTimeError: new first.RunTimeError("never"),
      NoRunTreeError: new first.NoRunTreeError(),
      LangSmithRequestError: new first.LangSmithRequestError("LSB_ERR_ACCESS", "no key"),
      NotHereError: new first.NotHereError("evaluate", "Take it from langsmith."),
    };
    for (const name of classes) {
      const error = errors[name];
      expect(second[name]).not.toBe(first[name]);
      for (const other of classes) expect(error instanceof second[other]).toBe(other === name);
      expect(error).toBeInstanceOf(Error);
      expect(error.message.startsWith(`${error.code}: `)).toBe(true);
      class Own extends (second[name] as unknown as new () => Error) {}
      expect(error instanceof Own).toBe(false);
      expect(Object.getOwnPropertySymbols(error)).toEqual([]);
    }
  });

  it.each([
    ["another shape as a whole", { shape: 0, parts: "none" }, "bridges"],
    ["a part in another shape", { shape: 1, parts: new Map<string, unknown>([["bridges", "none"]]) }, "bridges"],
  ])(
    "of which one left %s: this one keeps its own, warns of it once, and touches nothing there",
    async (_what, left, part) => {
      const before = structuredClone(left);
      await withGlobal(left, async () => {
        const copy = await loadCopy();
        copy.warnings.forgetWarnings();
        const warnings: unknown[] = [];
        vi.spyOn(process, "emitWarning").mockImplementation((_message, about) => {
          if (typeof about === "object") warnings.push(about.code);
        });
        startProcessor(copy);
        startProcessor(copy);
        expect(copy.bridges.bridges()).toHaveLength(2);
        expect(copy.shared.unsharedParts()).toContain(part);
        expect(warnings.filter((code) => code === "LSB_WARN_TWO_COPIES")).toHaveLength(1);
        expect(left.shape).toBe(before.shape);
        if (left.parts instanceof Map) expect(left.parts.get("bridges")).toBe("none");
      });
    },
  );
});
