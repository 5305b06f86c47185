// Variables of the environment.
import type { Api, Programs } from "./program.js";

async function traced({ traceable }: Api) {
  await traceable(async (x: object) => ({ o: x }), { name: "f", metadata: { m: 1, thread_id: "t" } })({ secret: 1 });
}

async function both(api: Api) {
  const { RunTree } = api;
  await traced(api);
  const r = new RunTree({ name: "r", inputs: { secret: 1 } });
  await r.postRun();
  await r.end({ o: 1 });
  await r.patchRun();
}

export const settings: Programs = {
  LANGSMITH_HIDE_INPUTS: { run: both, env: { LANGSMITH_HIDE_INPUTS: "true" } },
  LANGSMITH_HIDE_OUTPUTS: { run: both, env: { LANGSMITH_HIDE_OUTPUTS: "true" } },
  LANGSMITH_HIDE_METADATA: { run: both, env: { LANGSMITH_HIDE_METADATA: "true" } },
  "LANGSMITH_TRACING_SAMPLING_RATE=0": { run: both, env: { LANGSMITH_TRACING_SAMPLING_RATE: "0" } },
  LANGSMITH_REVISION_ID: { run: both, env: { LANGSMITH_REVISION_ID: "rev" } },
  LANGCHAIN_PROJECT: { run: both, env: { LANGCHAIN_PROJECT: "ignored" } },
  "LANGCHAIN_TRACING_V2 alone": { run: both, env: { LANGSMITH_TRACING: "", LANGCHAIN_TRACING_V2: "true" } },
  "no word of tracing": { run: traced, env: { LANGSMITH_TRACING: "" }, differs: [13] },
};
