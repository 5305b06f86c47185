// ContextThreadPoolExecutor, and get_current_run_tree handed to a thread pool (Python): parallel work in one trace.
// Run: node --import tsx --import otel-langsmith/register examples/nesting-parallel.ts
import { getCurrentRunTree, type RunTreeLike, traceable } from "otel-langsmith/traceable";

const innerFunc = traceable(async (x: number) => console.log(x), { name: "inner_func" });
const outerFunc = traceable(async () => void (await Promise.all([1, 2].map((x) => innerFunc(x)))), {
  name: "outer_func",
});
await outerFunc();

// The same where the work is done by somebody who has no context: the parent is given.
const innerOf = traceable(async (_parent: RunTreeLike, x: number) => console.log(x), { name: "inner_func" });
const jobs: (() => Promise<void>)[] = [];
const collect = traceable(
  async () => {
    const parent = getCurrentRunTree();
    for (const x of [1, 2]) jobs.push(() => innerOf(parent, x));
  },
  { name: "outer_func" },
);
await collect();
await Promise.all(jobs.map((job) => job()));
