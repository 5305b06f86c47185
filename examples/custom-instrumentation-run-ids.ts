// langsmith_extra={"run_id": …} and trace(…, run_id=…) (Python): ids that are known before the runs.
// Run: node --import tsx --import otel-langsmith/register examples/custom-instrumentation-run-ids.ts
import { uuid7 } from "otel-langsmith";
import { startActiveRun, traceable } from "otel-langsmith/traceable";

const myPipeline = traceable((_question: string) => "answer", { name: "my_pipeline" });

const callId = uuid7();
myPipeline.withConfig({ id: callId })("What is the capital of France?");

const blockId = uuid7();
await startActiveRun("my-pipeline", { id: blockId }, async (run) => {
  const result = "answer";
  await run.end({ result });
});

// Each id can now be used to attach feedback, query the run, and so on.
console.log(JSON.stringify({ callId, blockId }));
