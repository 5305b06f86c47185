// A LangSmith-compatible server for one developer's machine: what others may import.
export { LocalServerError, type LocalServerErrorCode } from "./errors.js";
export { checkRun, RUN_TYPES, type Violation, validateOperation, type WireOperation } from "./ingest/rules.js";
export { type LocalServer, type LocalServerOptions, startLocalServer } from "./server.js";
