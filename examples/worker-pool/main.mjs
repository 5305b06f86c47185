// A pool of worker threads: what they do hangs under the run that asked. `node examples/worker-pool/main.mjs`.
import { trace } from "@opentelemetry/api";
import { register } from "otel-langsmith";
import { tracePool } from "otel-langsmith/worker";
import { expectTrees, openServer } from "../local.mjs";
import { openPool } from "./pool.mjs";

const server = await openServer("worker-pool");
const tracing = register();
const pool = tracePool(openPool(new URL("./worker.mjs", import.meta.url), 2));

await trace.getTracer("pool").startActiveSpan("digest", async (span) => {
  const sizes = await Promise.all(["one", "two two", "three three three"].map((text) => pool.run(text)));
  console.log(`sizes: ${sizes.join(", ")}`);
  span.end();
});

await pool.close();
await tracing.shutdown();
await expectTrees(server.url, ["digest(embed, embed, embed)"]);
await server.close();
