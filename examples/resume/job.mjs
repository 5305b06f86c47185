// The job: two steps, its state on disk. Started again, it goes on where it was.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { trace } from "@opentelemetry/api";
import { endRun, getRunReference, register, withRun } from "otel-langsmith";

const [, , file = "job.json"] = process.argv;
const tracing = register();
const tracer = trace.getTracer("job");

async function step(name) {
  await tracer.startActiveSpan(name, { attributes: { "gen_ai.operation.name": "chat" } }, async (span) => span.end());
}

if (existsSync(file)) {
  // Another process, another day: the first one is gone, and with it the span of the job.
  const { run } = JSON.parse(readFileSync(file, "utf8"));
  await withRun(run, () => step("step 2"));
  await endRun(run, { outputs: { steps: 2 } });
  await tracing.shutdown();
} else {
  await tracer.startActiveSpan("job", async (job) => {
    // Taking the reference posts the run, so that what was saved exists.
    writeFileSync(file, JSON.stringify({ run: getRunReference(job) }));
    await step("step 1");
    await tracing.forceFlush();
    console.log("step 1 is done");
    // Here it waits for something, and never hears of it.
    await new Promise(() => setInterval(() => {}, 1000));
  });
}
