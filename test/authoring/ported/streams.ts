// Traced functions that give streams: generators, async generators, ReadableStreams.
import { caught, drained, type Programs } from "./program.js";

async function* words(...all: unknown[]) {
  for (const word of all) yield word;
}

export const streams: Programs = {
  "a sync generator": {
    async run({ traceable }) {
      const g = traceable(
        function* (n: number) {
          for (let at = 0; at < n; at += 1) yield at;
          return "ret";
        },
        { name: "g" },
      );
      return drained(await g(3));
    },
  },
  "an async generator of a model call": {
    differs: [4],
    async run({ traceable }) {
      return drained(traceable((n: number) => words("a", "b", n), { name: "g", run_type: "llm" })(3));
    },
  },
  "a generator that is read step by step": {
    differs: [8],
    async run({ traceable }) {
      const steps = traceable(() => words("a", "b"), { name: "g" })();
      return [await steps.next(), await steps.next(), await steps.next(), await steps.next()];
    },
  },
  "broken off, failing, empty, promised": {
    async run({ traceable }) {
      for await (const word of traceable(() => words(0, 1, 2, 3), { name: "broken off" })()) if (word === 1) break;
      const failing = async function* () {
        yield 1;
        throw new Error("mid");
      };
      await caught(() => drained(traceable(failing, { name: "failing" })()));
      await drained(traceable(() => words(), { name: "empty" })());
      await drained(await traceable(async () => words(1, 2), { name: "promised" })());
    },
  },
  aggregators: {
    async run({ traceable }) {
      const join = (chunks: unknown[]) => chunks.join("");
      await drained(traceable(() => words("a", "b"), { name: "joined", aggregator: join })());
      const processOutputs = (outputs: object) => ({ got: outputs });
      await drained(traceable(() => words("a", "b"), { name: "processed", aggregator: join, processOutputs })());
      const broken = () => {
        throw new Error("agg failed");
      };
      await drained(traceable(() => words(1), { name: "failed", aggregator: broken })());
    },
  },
  "children of a generator and of its consumer": {
    async run({ traceable }) {
      const child = traceable(async (x: number) => x * 2, { name: "child" });
      const g = traceable(
        async function* () {
          yield await child(1);
          yield await child(2);
        },
        { name: "g" },
      );
      return traceable(
        async () => {
          const read: unknown[] = [];
          for await (const x of g()) read.push(x, await child(10));
          return read;
        },
        { name: "root" },
      )();
    },
  },
  "a ReadableStream": {
    run: async ({ traceable }) =>
      drained(await traceable(async () => ReadableStream.from(["a", "b"]), { name: "s" })()),
  },
  "a stream inside an object": {
    differs: [7],
    async run({ traceable }) {
      const result = await traceable(async () => ({ data: "d", stream: words(1, 2) }), { name: "f" })();
      return drained(result.stream);
    },
  },
  "a stream inside an object that is named": {
    async run({ traceable }) {
      const config = { name: "f", __finalTracedIteratorKey: "stream" };
      return drained(traceable(() => ({ data: "d", stream: words(1, 2) }), config)().stream);
    },
  },
};
