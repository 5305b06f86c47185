// `node --import otel-langsmith/register app.mjs`, or `--require` for CommonJS: register from the environment alone.
import { register } from "./register/index.js";
import { warnOnce } from "./warnings.js";

try {
  register();
} catch (error) {
  // From code a bad option is an error; here nobody could catch it, and the application must start.
  const why = error instanceof Error ? error.message : String(error);
  warnOnce("LSB_WARN_REGISTER", `Tracing to LangSmith was not set up, and the application goes on without it: ${why}`);
}
