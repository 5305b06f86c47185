// RunTree by hand: configs, order of calls, headers.
import { caught, type Programs } from "./program.js";

const iso = (millis: number) => new Date(millis).toISOString();
const trace = "20210503T000000000000Z00000000-0000-4000-8000-000000000000";

export const runTrees: Programs = {
  "a pipeline with an error and a grandchild": {
    async run({ RunTree }) {
      const p = new RunTree({ name: "pipeline", inputs: { q: 1 }, tags: ["x"], metadata: { m: 1 } });
      await p.postRun();
      const c = p.createChild({
        name: "call",
        run_type: "llm",
        inputs: { messages: [] },
        metadata: { c: 1 },
        tags: ["t"],
      });
      await c.postRun();
      await c.end({ a: 1 });
      await c.patchRun();
      const e = p.createChild({ name: "err", run_type: "tool" });
      await e.postRun();
      await e.end(undefined, "bad thing");
      await e.patchRun();
      const g = e.createChild({ name: "grandchild" });
      await g.postRun();
      await g.end({ x: 1 }, undefined, undefined, { late: 1 });
      await g.patchRun();
      await p.end({ done: true });
      await p.patchRun();
    },
  },
  "every option of the config": {
    async run({ RunTree }) {
      const start = Date.now() - 10_000;
      const r = new RunTree({
        ...{
          name: "r",
          run_type: "llm",
          start_time: start,
          end_time: start + 3000,
          inputs: { a: 1 },
          outputs: { b: 1 },
        },
        ...{ error: "E", tags: ["x"], metadata: { m: 1 }, serialized: { id: ["a"] }, events: [] },
        extra: { invocation_params: { model: "g" }, metadata: { n: 2 }, custom: 1 },
        reference_example_id: "11111111-1111-4111-8111-111111111111",
      });
      await r.postRun();
      const c = r.createChild({ name: "c", extra: { batch_size: 2, metadata: { q: 1 } }, start_time: start + 10 });
      await c.end();
      await c.postRun();
    },
  },
  "events: of the config, assigned, added": {
    async run({ RunTree }) {
      const events = [
        { name: "start", time: iso(3) },
        { name: "new_token", time: iso(4), kwargs: { token: "a" } },
      ];
      const q = new RunTree({ name: "q", run_type: "llm", events });
      await q.postRun();
      await q.end({});
      await q.patchRun();
      const p = new RunTree({ name: "p", run_type: "llm" });
      await p.postRun();
      p.addEvent({ name: "new_token", time: iso(1), kwargs: { token: "x" } });
      p.addEvent("just text");
      p.events = [...p.events, { name: "assigned", time: iso(2) }];
      await p.end({});
      await p.patchRun();
      const c = p.createChild({ name: "c", events: [{ name: "own", time: iso(5) }] });
      await c.end({});
      await c.postRun();
    },
  },
  "usage of a run tree": {
    differs: [5],
    async run({ RunTree }) {
      const r = new RunTree({ name: "tool", run_type: "tool" });
      await r.postRun();
      await r.end({ usage_metadata: { total_cost: 0.5 }, x: 1 });
      await r.patchRun();
      const q = new RunTree({ name: "chain" });
      await q.postRun();
      await q.end({ x: 1 }, undefined, undefined, {
        usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      });
      await q.patchRun();
    },
  },
  "changed between post and patch": {
    differs: [6],
    async run({ RunTree }) {
      const p = new RunTree({ name: "p", inputs: { a: 1 } });
      await p.postRun();
      p.inputs = { a: 2 };
      p.name = "renamed";
      p.tags = ["late"];
      p.metadata = { ...p.metadata, late: 1 };
      await p.end({ o: 1 });
      p.outputs = { ...p.outputs, more: 1 };
      await p.patchRun();
    },
  },
  "not ended, and with an error and outputs at once": {
    async run({ RunTree }) {
      await new RunTree({ name: "p" }).postRun();
      const q = new RunTree({ name: "q", error: "e0", outputs: { o: 1 } });
      await q.postRun();
      await q.patchRun();
    },
  },
  "the parent in the config, children posted with their parent, excludeInputs": {
    async run({ RunTree }) {
      const p = new RunTree({ name: "p", inputs: { a: 1 } });
      const posted = p.createChild({ name: "posted with" });
      await posted.end({});
      await p.end({});
      await p.postRun(false);
      const c = new RunTree({ name: "c", parent_run: p });
      await c.postRun();
      await c.end();
      await c.patchRun({ excludeInputs: true });
      return c.trace_id === p.id;
    },
  },
  "traceable and RunTree by turns": {
    async run({ RunTree, traceable, withRunTree, getCurrentRunTree }) {
      const f = traceable(async (x: number) => x, { name: "f" });
      const p = new RunTree({ name: "p", metadata: { m: 1 } });
      await p.postRun();
      await withRunTree(p, () => f(1));
      await p.end();
      await p.patchRun();
      await traceable(
        async () => {
          const c = getCurrentRunTree().createChild({ name: "by hand" });
          await c.postRun();
          await c.end();
          await c.patchRun();
          const free = new RunTree({ name: "free" });
          await free.postRun();
          await free.end();
          await free.patchRun();
        },
        { name: "outer" },
      )();
    },
  },
  "headers there and back": {
    async run({ RunTree, traceable, withRunTree }) {
      const p = new RunTree({ name: "p", metadata: { m: "1", "sp ace": "a,b=c;d" }, tags: ["t1", "t2"] });
      await p.postRun();
      const headers = p.toHeaders();
      const q = RunTree.fromHeaders(headers);
      await withRunTree(q, () => traceable(async () => 1, { name: "remote" })());
      await withRunTree(RunTree.fromHeaders(new Headers(headers)), () =>
        traceable(async () => 1, { name: "remote" })(),
      );
      const c = RunTree.fromDottedOrder(p.dotted_order).createChild({ name: "by order" });
      await c.postRun();
      await c.end();
      await c.patchRun();
      await p.end();
      await p.patchRun();
      return [Object.keys(headers).sort(), q.id === p.id, q.metadata, q.tags, RunTree.fromHeaders({}) === undefined];
    },
  },
  "headers of strangers, and what is given beside them": {
    differs: [12],
    run({ RunTree }) {
      const baggage = "langsmith-metadata=%7B%22a%22%3A1%7D,langsmith-tags=x%2Cy,langsmith-project=zz,other=1";
      const all = [{ "langsmith-trace": "" }, { "langsmith-trace": "nonsense" }, { "Langsmith-Trace": trace }];
      const read = [...all, { "langsmith-trace": trace, baggage }].map((headers) => {
        const run = RunTree.fromHeaders(headers);
        return run && [run.id === trace.slice(-36), run.metadata, run.tags];
      });
      const given = RunTree.fromHeaders({ "langsmith-trace": trace }, { name: "x", metadata: { z: 1 } });
      return [read, given.name, given.metadata];
    },
  },
  "what JSON.stringify shows, and what stands on a new tree": {
    run({ RunTree }) {
      const r = new RunTree({ name: "a", metadata: { x: 1 } });
      r.createChild({ name: "k" });
      const { execution_order, run_type, serialized, inputs, events, tracingEnabled } = r;
      const keys = Object.keys(JSON.parse(JSON.stringify(r))).sort();
      return [keys, r.child_runs.length, execution_order, run_type, serialized, inputs, events, tracingEnabled];
    },
  },
  "times as ISO 8601": {
    async run({ RunTree }) {
      const r = new RunTree({ name: "r", start_time: iso(Date.now() - 5000) });
      await r.end({ o: 1 });
      await caught(() => r.postRun());
    },
  },
  "uuid7 and uuid7FromTime": {
    run({ uuid7, uuid7FromTime }) {
      const [a, b] = [uuid7(), uuid7()];
      return [
        a < b,
        a.length,
        a[14],
        uuid7FromTime(0).slice(0, 15),
        uuid7FromTime("2024-01-01T00:00:00Z").slice(0, 15),
      ];
    },
  },
};
