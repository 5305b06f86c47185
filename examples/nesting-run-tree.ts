// langsmith_extra={"parent": run_tree} (Python): the run tree is handed on, where context does not reach.
// Run: node --import tsx --import otel-langsmith/register examples/nesting-run-tree.ts
import { getCurrentRunTree, type RunTreeLike, traceable } from "otel-langsmith/traceable";

const myChildFunction = traceable(
  async function* (_parent: RunTreeLike, _inputs: string) {
    yield "A";
    yield "response";
  },
  { name: "my_child_function" },
);

const parentFunction = traceable(
  async function* (inputs: string) {
    for await (const chunk of myChildFunction(getCurrentRunTree(), inputs)) yield chunk;
  },
  { name: "parent_function" },
);

for await (const chunk of parentFunction("call")) console.log(chunk);
