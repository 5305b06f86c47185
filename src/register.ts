// `node --import otel-langsmith/register app.mjs`, or `--require` for CommonJS: register from the environment alone.
import { isMainThread, parentPort } from "node:worker_threads";
import { register } from "./register/index.js";
import { warnOnce } from "./warnings.js";

// A preload runs in every thread, in that of Node's loader hooks, too, where no application will ever run: it is the
// one that has neither the main thread's mark nor a port to a parent.
const isApplicationThread = isMainThread || parentPort !== null;

try {
  if (isApplicationThread) register();
} catch (error) {
  // From code a bad option is an error; here nobody could catch it, and the application must start.
  const why = error instanceof Error ? error.message : String(error);
  warnOnce("LSB_WARN_REGISTER", `Tracing to LangSmith was not set up, and the application goes on without it: ${why}`);
}
